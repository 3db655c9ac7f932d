// The conversation itself: what was said, what is on its way, what state it is in. Knows no element.
//
// The customer's words get an id here, so that sending them again never says them twice; an answer is
// shown once whether it comes as the reply to a message or over the stream of events; after a lost
// connection the stream goes on behind the last number that was seen.

import { gone, Problem } from "./api.js";
import { frames } from "./sse.js";
import { EventStream } from "./stream.js";

const RETRIES = 3;

/** @typedef {import("./wire").Item} Item */

export class Conversation {
  /** In the order of the log. @type {Item[]} */
  items = [];
  /** @type {import("./wire").State} */
  state = "assistant";
  /** @type {string | undefined} */
  ticket;
  /** Name of the person who has taken over. @type {string | undefined} */
  agent;
  /** @type {import("./wire").Queue | undefined} */
  queue;
  /** @type {number | undefined} */
  rating;
  /** The last number seen. */
  lastSeq = 0;
  /** Address that was left. */
  emailed = "";
  /** Messages of the stream that wait until the reply on its way has ended. @type {import("./wire").Message[]} */
  held = [];
  /** What the stream says before the history is there. @type {import("./wire").Frame[] | undefined} */
  early;
  /** The message on its way. @type {AbortController | undefined} */
  running;
  /** @type {EventStream | undefined} */
  stream;
  /** @type {Promise<void> | undefined} */
  starting;
  typedAt = 0;
  /** Counts what has changed the state. */
  changes = 0;
  /** When people are there, once the server has said it. @type {import("./wire").Hours | undefined} */
  hours;
  /** What the customer decided about their words. @type {import("./wire").Objections} */
  objections = { opt_out: false, automated_answers: true };

  /**
   * @param {import("./api.js").Api} api
   * @param {import("./session.js").SessionKeeper} keeper
   * @param {{ change: (item: Item) => void, removed: (item: Item) => void, sentence: (item: Item, sentence: import("./wire").Sentence) => void,
   *   state: () => void, typing: (typing: boolean) => void, online: (online: boolean) => void,
   *   ended: (item: Item) => void, fresh: (item: Item) => void }} view
   */
  constructor(api, keeper, view) {
    this.api = api;
    this.keeper = keeper;
    this.view = view;
    this.locale = "";
    this.site = "";
    this.clear();
    keeper.onmessage = (message) => this.fromTab(message);
  }

  clear() {
    this.running?.abort();
    this.stream?.stop();
    this.items = [];
    this.state = "assistant";
    this.ticket = undefined;
    this.agent = undefined;
    this.queue = undefined;
    this.rating = undefined;
    this.lastSeq = 0;
    this.emailed = "";
    this.objections = { opt_out: false, automated_answers: true };
    this.held = [];
    this.early = undefined;
    this.running = undefined;
    this.stream = undefined;
    this.starting = undefined;
    this.api.token = "";
  }

  get id() {
    return this.keeper.session?.id;
  }

  get path() {
    return `/v1/conversations/${this.id}`;
  }

  /** Takes up the conversation of this browser, if there is one. */
  async resume() {
    const session = this.keeper.session;
    if (!session) return false;
    this.api.token = session.token;
    /** @type {import("./wire").Frame[]} */
    const early = (this.early = []);
    try {
      this.take(await this.api.json("GET", this.path));
    } catch (error) {
      if (error instanceof Problem && gone(error.code)) {
        this.keeper.forget();
        this.clear();
        return false;
      }
      // The stream keeps trying, and what is missing comes over it.
    }
    this.early = undefined;
    for (const frame of early) this.heard(frame);
    this.follow();
    return true;
  }

  /** @param {import("./wire").Stored} stored */
  take(stored) {
    for (const message of stored.messages) this.apply(message, true);
    this.rating = stored.rating?.rating;
    this.hours = stored.hours ?? this.hours;
    this.objections = stored.objections ?? this.objections;
    this.setState(stored);
  }

  /** Asks for the state, which the stream tells only when it changes. */
  async sync() {
    for (let attempt = 0; attempt < RETRIES && this.id; attempt++) {
      const changes = this.changes;
      /** @type {import("./wire").Stored} */
      let stored;
      try {
        stored = await this.api.json("GET", this.path);
      } catch {
        // The stream tells what is wrong.
        return;
      }
      // What has changed meanwhile is newer.
      if (changes !== this.changes) continue;
      this.rating = stored.rating?.rating;
      this.hours = stored.hours ?? this.hours;
      this.objections = stored.objections ?? this.objections;
      return this.setState(stored);
    }
  }

  /** Starts a conversation where there is none; several callers start one. */
  ensure() {
    if (this.id) return Promise.resolve();
    this.starting ??= this.begin().finally(() => (this.starting = undefined));
    return this.starting;
  }

  async begin() {
    /** @type {import("./wire").Started} */
    const started = await this.api.json("POST", "/v1/conversations", {
      locale: this.locale,
      site: this.site,
      page: location.origin + location.pathname,
    });
    this.api.token = started.token;
    this.keeper.set({ id: started.conversation_id, token: started.token, expires: started.expires_at, open: true });
    this.state = started.state;
    this.follow();
  }

  follow() {
    this.stream ??= new EventStream(this.api, this.keeper, `${this.path}/events`, () => this.lastSeq, {
      frame: (frame) => this.heard(frame),
      online: (online) => this.view.online(online),
      connected: () => this.sync(),
      gone: () => this.lost(),
    });
    this.stream.start();
  }

  /** @param {import("./wire").Frame} frame */
  heard(frame) {
    const { event, data } = frame;
    if (this.early) this.early.push(frame);
    else if (event === "message") {
      const answer = data.author === "assistant" || data.kind === "handed_off";
      if (this.running && answer && !this.bySeq(data.seq)) this.held.push(data);
      else this.apply(data);
    } else if (event === "state") this.setState(data);
    else if (event === "typing" && data.author === "agent") this.view.typing(Boolean(data.typing));
  }

  /** Another tab said something. @param {any} message */
  fromTab(message) {
    if (message.kind === "session") this.resume();
    else if (message.kind === "frame") {
      if (message.id !== this.id) return;
      if (this.stream) this.stream.relayed(message.frame);
      else if (this.early) this.early.push(message.frame);
    } else if (message.kind === "forget" && message.id === this.id) {
      this.keeper.forget();
      this.reset();
    }
  }

  /** @param {string} text */
  async send(text) {
    /** @type {Item} */
    const item = {
      key: uuid(),
      author: "customer",
      text,
      at: new Date().toISOString(),
      status: "sending",
      sentences: [],
      citations: [],
    };
    item.messageId = item.key;
    this.items.push(item);
    this.view.change(item);
    await this.deliver(item);
  }

  /** @param {Item} item */
  async deliver(item) {
    item.status = "sending";
    item.error = undefined;
    this.view.change(item);
    try {
      await this.ensure();
    } catch (error) {
      return this.failed(item, error);
    }
    const asked = this.state === "assistant" || this.state === "resolved";
    const reply = asked ? this.expect(item) : undefined;
    const running = (this.running = new AbortController());
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          await this.exchange(item, reply, running.signal);
          break;
        } catch (error) {
          if (running.signal.aborted || !(error instanceof Problem)) throw error;
          if (error.code !== "offline" || attempt >= RETRIES) throw error;
          await pause(500 * 2 ** attempt);
        }
      }
    } catch (error) {
      if (running.signal.aborted) this.stopped(item, reply);
      else this.failed(item, error, reply);
    } finally {
      if (this.running === running) this.running = undefined;
      for (const message of this.held.splice(0)) this.apply(message);
      this.view.state();
    }
  }

  /** The bubble that the answer to `item` will fill. @param {Item} item @returns {Item} */
  expect(item) {
    const found = this.items.find((i) => i.author === "assistant" && i.messageId === item.messageId);
    if (found) {
      found.status = "streaming";
      return found;
    }
    /** @type {Item} */
    const reply = {
      key: `${item.key}-reply`,
      author: "assistant",
      messageId: item.messageId,
      text: "",
      at: new Date().toISOString(),
      status: "streaming",
      sentences: [],
      citations: [],
    };
    this.items.push(reply);
    this.view.change(reply);
    return reply;
  }

  /** Sends the words and reads what comes back. @param {Item} item @param {Item | undefined} reply @param {AbortSignal} signal */
  async exchange(item, reply, signal) {
    const response = await this.api.call("POST", `${this.path}/messages`, {
      body: { text: item.text, message_id: item.messageId },
      accept: "text/event-stream, application/json",
      signal,
    });
    if (item.status !== "done") {
      item.status = "done";
      this.view.change(item);
    }
    if (!/event-stream/.test(response.headers.get("Content-Type") ?? "")) {
      const data = await response.json();
      return this.outcome(data.message && data.accepted ? "accepted" : data.ticket ? "handed_off" : "done", data, reply);
    }
    let ended = false;
    for await (const { event, data } of whole(frames(/** @type {ReadableStream} */ (response.body)), signal)) {
      if (event === "queued" && reply) {
        reply.ahead = data.position;
        this.view.change(reply);
      } else if (event === "sources" && reply) reply.citations = data.citations;
      else if (event === "sentence" && reply) this.sentence(reply, data);
      else if (event === "error") throw new Problem(data.code, data.retry_after_s);
      else if (event === "done" || event === "handed_off" || event === "accepted") {
        this.outcome(event, data, reply);
        ended = true;
      }
    }
    if (!ended) throw new Problem("offline");
  }

  /** @param {Item} reply @param {import("./wire").Sentence} sentence */
  sentence(reply, sentence) {
    // A repeated stream says the first ones again.
    if ((sentence.index ?? reply.sentences.length) !== reply.sentences.length) return;
    reply.sentences.push(sentence);
    this.view.sentence(reply, sentence);
  }

  /** @param {string} event @param {any} data @param {Item | undefined} reply */
  outcome(event, data, reply) {
    if (event === "accepted") {
      if (reply) this.drop(reply);
      this.apply(data.message);
      return this.setState({ ...data, ticket: this.ticket, queue: this.queue, agent: undefined });
    }
    if (!reply) return;
    /** @type {import("./wire").Answer} */
    const answer = data;
    const twin = answer.seq === undefined ? undefined : this.bySeq(answer.seq);
    if (twin && twin !== reply) this.drop(twin);
    reply.seq = answer.seq ?? reply.seq;
    this.lastSeq = Math.max(this.lastSeq, reply.seq ?? 0);
    reply.outcome = answer.outcome;
    reply.confidence = answer.confidence;
    reply.citations = answer.citations ?? reply.citations;
    reply.status = "done";
    // A hand-over and a question back are the house's own words.
    if (event === "handed_off" || answer.outcome === "clarify") reply.text = answer.message ?? "";
    if (event === "handed_off") {
      this.ticket = answer.ticket;
      this.changes += 1;
      if (this.state === "assistant") this.state = "waiting";
    }
    for (const sentence of (answer.sentences ?? []).slice(reply.sentences.length)) this.sentence(reply, sentence);
    this.view.ended(reply);
    this.view.state();
  }

  /** A message of the stream or of the history. @param {import("./wire").Message} message @param {boolean} [old] */
  apply(message, old = false) {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (this.bySeq(message.seq)) return;
    // To the customer a hand-over is the assistant's last word.
    const author = message.kind === "handed_off" ? "assistant" : message.author;
    const id = message.message_id ?? (message.reply_to ? this.bySeq(message.reply_to)?.messageId : undefined);
    const own = id ? this.items.find((i) => i.messageId === id && i.author === author && i.seq === undefined) : undefined;
    const item = own ?? /** @type {Item} */ (/** @type {unknown} */ ({ key: `seq-${message.seq}` }));
    Object.assign(item, {
      seq: message.seq,
      author,
      name: message.name,
      text: message.text,
      at: message.at,
      messageId: id,
      outcome: message.kind === "handed_off" ? "handed_off" : message.outcome,
      confidence: message.confidence,
      helpful: message.helpful,
      kind: message.kind,
      status: "done",
      sentences: message.sentences ?? [],
      citations: message.citations ?? [],
    });
    if (message.author === "agent") this.view.typing(false);
    if (!own) {
      const after = this.items.findIndex((i) => i.seq === undefined || i.seq > message.seq);
      this.items.splice(after < 0 ? this.items.length : after, 0, item);
    }
    this.view.change(item);
    if (!old && !own) this.view.fresh(item);
  }

  /** @param {number} seq */
  bySeq(seq) {
    return this.items.find((i) => i.seq === seq);
  }

  /** @param {Item} item */
  drop(item) {
    this.items = this.items.filter((i) => i !== item);
    this.view.removed(item);
  }

  /** @param {import("./wire").StateEvent} event */
  setState(event) {
    this.changes += 1;
    this.state = event.state;
    this.ticket = event.ticket ?? (event.state === "assistant" ? undefined : this.ticket);
    this.agent = event.agent?.name ?? (event.state === "with_agent" ? this.agent : undefined);
    this.queue = event.state === "waiting" ? (event.queue ?? undefined) : undefined;
    this.view.state();
  }

  /** @param {Item} item @param {unknown} error @param {Item} [reply] */
  failed(item, error, reply) {
    const code = error instanceof Problem ? error.code : "other";
    if (reply?.sentences.length) {
      reply.status = "done";
      reply.error = code;
      this.view.change(reply);
    } else if (reply) this.drop(reply);
    item.status = "failed";
    item.error = code;
    this.view.change(item);
    if (gone(code)) this.lost();
  }

  /** @param {Item} item @param {Item} [reply] */
  stopped(item, reply) {
    if (item.status === "sending") item.status = "done";
    if (reply) reply.status = "stopped";
    this.view.change(item);
    if (reply) this.view.change(reply);
  }

  stop() {
    this.running?.abort();
  }

  /** Asks for a person; works before anything was said. @param {string} [email] */
  async person(email) {
    await this.ensure();
    this.stop();
    const found = await this.api.json("POST", `${this.path}/handoff`, email ? { email } : {});
    this.emailed = email ?? this.emailed;
    this.ticket = found.ticket;
    this.changes += 1;
    if (this.state === "assistant" || this.state === "resolved") this.state = found.state ?? "waiting";
    this.view.state();
    await this.sync();
  }

  /** @param {Item} item @param {boolean} helpful */
  async helpful(item, helpful) {
    item.helpful = helpful;
    this.view.change(item);
    await this.api.json("POST", `${this.path}/feedback`, { seq: item.seq, helpful });
  }

  /** @param {number} rating @param {string} comment */
  async rate(rating, comment) {
    await this.api.json("POST", `${this.path}/feedback`, comment ? { rating, comment } : { rating });
    this.rating = rating;
    this.view.state();
  }

  /** Decides what becomes of their words; also before anything was said. @param {Partial<import("./wire").Objections>} choice */
  async choose(choice) {
    await this.ensure();
    await this.api.json("POST", `${this.path}/consent`, { ...choice, version: "widget-1" });
    this.objections = { ...this.objections, ...choice };
    this.changes += 1;
    this.view.state();
  }

  async close() {
    await this.api.json("POST", `${this.path}/close`);
    this.setState({ state: "resolved", ticket: this.ticket });
  }

  /** Erases it everywhere; the server's receipt. */
  async remove() {
    const receipt = await this.api.json("DELETE", this.path);
    this.leave();
    return receipt;
  }

  /** Another conversation begins with the next message, in every tab. */
  leave() {
    this.keeper.tell({ kind: "forget", id: this.id });
    this.keeper.forget();
    this.reset();
  }

  reset() {
    this.clear();
    this.view.state();
  }

  /** The conversation no longer exists or the token no longer opens it. */
  lost() {
    this.keeper.forget();
    this.stream?.stop();
    this.stream = undefined;
    this.api.token = "";
    this.lastSeq = 0;
    // What was said stays to be read, under numbers that the next conversation does not have.
    this.items.forEach((item, at) => (item.seq = at - this.items.length));
    this.state = "assistant";
    this.view.state();
  }

  typing() {
    if (this.state !== "with_agent" || Date.now() - this.typedAt < 3000) return;
    this.typedAt = Date.now();
    this.api.json("POST", `${this.path}/typing`, { typing: true }).catch(() => {});
  }
}

/**
 * A line that breaks is a lost connection, not an error of the code.
 * @param {AsyncGenerator<import("./wire").Frame>} frames @param {AbortSignal} signal
 */
async function* whole(frames, signal) {
  try {
    yield* frames;
  } catch (error) {
    throw signal.aborted ? error : new Problem("offline");
  }
}

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Works on pages without TLS too, where `crypto.randomUUID` is missing. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
