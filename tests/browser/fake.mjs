// A server for the widget's tests whose conversations do what a test tells them to: slow and broken
// streams, agents, queues. Everything else (the widget itself, pages, articles) is passed through from a
// running Atbilde. The wire is that of docs: POST /v1/conversations and what is below it.

import { createServer, request as ask } from "node:http";
import { randomUUID } from "node:crypto";

export const CITATIONS = [
  {
    n: 1,
    title: "Returns and refunds",
    heading: "How long does a refund take?",
    url: "/kb/returns#how-long-does-a-refund-take",
    article: "/v1/articles/returns#how-long-does-a-refund-take",
    path: "help/en/returns.md",
    quote: "We send the money within 5 working days after your parcel reaches our warehouse in Salaspils.",
  },
  { n: 2, title: "Track your order", heading: "", url: "/kb/tracking", article: "/v1/articles/tracking", path: "help/en/tracking.md", quote: "Open My orders and choose the parcel." },
];

export class Fake {
  /** @param {string} upstream address of a running Atbilde */
  constructor(upstream) {
    this.upstream = new URL(upstream);
    /** @type {Map<string, any>} */
    this.conversations = new Map();
    /** Milliseconds between the sentences of an answer. */
    this.pace = 30;
    /** Breaks the next answers off after this many sentences. */
    this.breakAfter = -1;
    /** Times that the next messages are refused without a word. */
    this.refuse = 0;
    /** When people are there: what the site says and what each conversation says. @type {any} */
    this.hours = { open: true };
    /** What the site says otherwise than the real one, e.g. its direction. */
    this.says = {};
    /** The next answer waits before this sentence until `go` is called. */
    this.holdAt = -1;
    this.go = () => {};
    /** Whether conversations cannot be reached, as when the server is being restarted. */
    this.away = false;
    this.confidence = 0.93;
    this.sentences = [
      { text: "We send the money within 5 working days after your parcel reaches our warehouse.", citations: [1] },
      { text: "Your bank needs another 3 working days.", citations: [1] },
      { text: "- Open My orders and choose the parcel.", citations: [2] },
    ];
    this.received = 0;
    this.seen = [];
    /** Extra headers of pages, by path. */
    this.pages = new Map();
  }

  async start(port = 0) {
    this.server = createServer((request, response) => this.serve(request, response).catch((error) => response.destroy(error)));
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this.url;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  async serve(request, response) {
    const url = new URL(request.url, this.url);
    this.seen.push(`${request.method} ${url.pathname}`);
    const page = this.pages.get(url.pathname);
    if (page) {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", ...page.headers });
      return response.end(page.body);
    }
    if (url.pathname === "/v1/site") return this.site(request, response, url);
    if (!url.pathname.startsWith("/v1/conversations")) return this.pass(request, response, url);
    if (this.away) return response.destroy();
    let text = "";
    for await (const piece of request) text += piece;
    const body = text ? JSON.parse(text) : {};
    const [, , , id, action = ""] = url.pathname.split("/");
    if (!id) return this.json(response, 201, this.begin(body));
    const c = this.conversations.get(id);
    if (!c) return this.json(response, 404, { code: "not_found", title: "", status: 404, detail: "" });
    if (request.headers.authorization !== `Bearer ${c.token}`) return this.json(response, 401, { code: "unauthorized" });
    switch (`${request.method} ${action}`) {
      case "GET ":
        return this.json(response, 200, { conversation_id: id, locale: "en", hours: this.hours, objections: c.objections, rating: c.rating, messages: c.messages, ...this.state(c) });
      case "POST messages":
        return this.message(c, body, response);
      case "GET events":
        return this.events(c, Number(request.headers["last-event-id"] ?? 0), response);
      case "POST handoff":
        if (c.state !== "with_agent") this.handOver(c);
        return this.json(response, 200, { state: c.state, ticket: c.ticket, reason: "customer_requested", message: "Of course." });
      case "POST feedback":
        if (body.rating) c.rating = { rating: body.rating };
        else this.find(c, body.seq).helpful = body.helpful;
        return this.json(response, 204);
      case "POST typing":
        c.typed = true;
        return this.json(response, 204);
      case "POST close":
        this.setState(c, "resolved");
        return this.json(response, 200, { state: "resolved" });
      case "POST consent":
        for (const key of ["opt_out", "automated_answers"]) if (key in body) c.objections[key] = body[key];
        return this.json(response, 204);
      case "GET export":
        return response.writeHead(200, { "Content-Type": "text/html" }).end("<p>export</p>");
      case "DELETE ":
        this.conversations.delete(id);
        for (const stream of c.streams) stream.end();
        return this.json(response, 200, { receipt: randomUUID() });
      default:
        return this.json(response, 405, { code: "method_not_allowed" });
    }
  }

  begin() {
    const id = randomUUID();
    const c = { id, token: randomUUID(), state: "assistant", messages: [], streams: new Set(), outcomes: new Map(), seq: 0, objections: { opt_out: false, automated_answers: true } };
    this.conversations.set(id, c);
    this.last = c;
    return { conversation_id: id, token: c.token, state: c.state, locale: "en", expires_at: new Date(Date.now() + 864e5).toISOString() };
  }

  state(c) {
    return { state: c.state, ticket: c.ticket, agent: c.agent, queue: c.state === "waiting" ? { position: 2, eta_s: 180 } : undefined };
  }

  async message(c, body, response) {
    this.received += 1;
    if (this.refuse > 0) {
      this.refuse -= 1;
      return response.destroy();
    }
    const known = c.outcomes.get(body.message_id);
    if (!known) this.add(c, { author: "customer", text: body.text, message_id: body.message_id });
    if (c.state === "waiting" || c.state === "with_agent") {
      return this.json(response, 202, { accepted: true, state: c.state, message: c.messages.findLast((m) => m.message_id === body.message_id) });
    }
    if (c.state === "resolved") this.setState(c, "assistant");
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send("queued", { position: 1, eta_ms: 300 });
    for (let index = 0; index < this.sentences.length; index++) {
      if (this.holdAt === index) {
        this.holdAt = -1;
        await new Promise((done) => (this.go = done));
      }
      if (index === 0) send("sources", { citations: CITATIONS });
      await new Promise((done) => setTimeout(done, this.pace));
      if (this.breakAfter === index) {
        this.breakAfter = -1;
        c.outcomes.set(body.message_id, true);
        return response.destroy();
      }
      send("sentence", { index, ...this.sentences[index] });
    }
    c.outcomes.set(body.message_id, true);
    const said = { author: "assistant", message_id: body.message_id, text: this.sentences.map((s) => s.text).join(" "), sentences: this.sentences, citations: CITATIONS, outcome: "answered", confidence: this.confidence };
    const stored = c.messages.find((m) => m.author === "assistant" && m.message_id === body.message_id) ?? this.add(c, said);
    send("done", { outcome: "answered", sentences: this.sentences, citations: CITATIONS, confidence: this.confidence, seq: stored.seq });
    response.end();
  }

  add(c, message) {
    const stored = { seq: ++c.seq, at: new Date().toISOString(), ...message };
    c.messages.push(stored);
    this.push(c, "message", stored, stored.seq);
    return stored;
  }

  find(c, seq) {
    return c.messages.find((m) => m.seq === seq);
  }

  events(c, after, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    response.write(": hello\n\n");
    for (const message of c.messages) if (message.seq > after) response.write(frame("message", message, message.seq));
    response.write(frame("state", this.state(c), ""));
    c.streams.add(response);
    response.on("close", () => c.streams.delete(response));
  }

  push(c, event, data, id = "") {
    for (const stream of c.streams) stream.write(frame(event, data, id));
  }

  setState(c, state) {
    c.state = state;
    this.push(c, "state", this.state(c));
  }

  handOver(c) {
    c.ticket ??= "T-7Q2M9K4XBD";
    this.setState(c, "waiting");
  }

  /** A person takes over. */
  take(c, name = "Anna Ozola") {
    c.agent = { name };
    this.setState(c, "with_agent");
    this.add(c, { author: "system", kind: "agent_joined", text: `${name} has joined the conversation.` });
  }

  say(c, text, name = "Anna Ozola") {
    this.add(c, { author: "agent", name, text });
  }

  typing(c) {
    this.push(c, "typing", { author: "agent", typing: true });
  }

  /** Cuts every stream, as a restart does. */
  cut(c) {
    for (const stream of c.streams) stream.destroy();
  }

  /** The site as the real server describes it, with the hours that conversations here are told. */
  async site(request, response, url) {
    const answer = await fetch(new URL(url.pathname + url.search, this.upstream), { headers: { "Accept-Language": request.headers["accept-language"] ?? "en" } });
    const site = await answer.json();
    this.json(response, answer.status, answer.ok ? { ...site, ...this.says, hours: this.hours } : site);
  }

  pass(request, response, url) {
    const { host: _, ...headers } = request.headers;
    const on = ask({ host: this.upstream.hostname, port: this.upstream.port, path: url.pathname + url.search, method: request.method, headers }, (from) => {
      response.writeHead(from.statusCode, from.headers);
      from.pipe(response);
    });
    on.on("error", () => response.destroy());
    request.pipe(on);
  }

  json(response, status, body) {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(body && JSON.stringify(body));
  }
}

const frame = (event, data, id) => `${id ? `id: ${id}\n` : ""}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
