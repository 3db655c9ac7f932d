// The ask page: sends questions, shows the stream of proven sentences with their sources.
// Text from the server is only ever set as text, never as HTML.

const form = document.querySelector("[data-form]");
const log = document.querySelector("[data-log]");
const intro = document.querySelector("[data-intro]");
const send = document.querySelector("[data-send]");
const restart = document.querySelector("[data-restart]");
const field = form.elements.question;

let conversation = null;
let running = null; // AbortController of the answer on its way
let answers = 0;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return running.abort();
  const question = field.value.trim();
  if (question) ask(question);
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!running) form.requestSubmit();
  }
});
for (const button of document.querySelectorAll("[data-suggestion]")) {
  button.addEventListener("click", () => ask(button.textContent));
}
restart.addEventListener("click", () => {
  running?.abort();
  conversation = null;
  log.replaceChildren();
  intro.hidden = false;
  restart.hidden = true;
  field.value = "";
  field.focus();
});
async function ask(question) {
  if (running) return;
  intro.hidden = true;
  restart.hidden = false;
  field.value = "";
  log.append(make("p", "question", question));
  const reply = new Reply(++answers);
  running = new AbortController();
  const mine = running;
  send.textContent = "Stop";
  try {
    const response = await fetch("/v1/ask", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ question, locale: form.elements.locale.value, conversation_id: conversation }),
      signal: mine.signal,
    });
    if (!response.ok) {
      reply.failed(await response.json().catch(() => ({ status: response.status })));
    } else {
      for await (const { event, data } of events(response.body)) reply.on(event, data);
      if (!reply.ended) reply.failed({ detail: "The connection broke off before the answer was complete." });
    }
  } catch (error) {
    if (mine.signal.aborted) reply.stopped();
    else reply.failed({ detail: "The server cannot be reached. Check your connection and try again." });
  } finally {
    if (running === mine) {
      running = null;
      send.textContent = "Ask";
      if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
    }
  }
}

// Server-sent events of a response body: objects { event, data }.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      let event = "message";
      let data = "";
      for (const line of buffer.slice(0, end).split("\n")) {
        if (line.startsWith("event: ")) event = line.slice(7);
        else if (line.startsWith("data: ")) data += line.slice(6);
      }
      buffer = buffer.slice(end + 2);
      if (data) yield { event, data: JSON.parse(data) };
    }
  }
}

// One answer on the page.
class Reply {
  constructor(number) {
    this.number = number;
    this.ended = false;
    this.box = make("article", "reply");
    this.box.setAttribute("aria-label", "Answer");
    this.status = make("p", "status", "Looking through the articles …");
    this.words = make("div", "words");
    this.box.append(this.status, this.words);
    log.append(this.box);
    this.box.scrollIntoView({ block: "end" });
  }

  on(event, data) {
    if (event === "queued") {
      const wait = Math.max(1, Math.round(data.eta_ms / 1000));
      this.status.textContent = `Number ${data.position} in the queue, about ${wait} s …`;
    } else if (event === "sources") this.citations = data.citations;
    else if (event === "sentence") this.sentence(data);
    else if (event === "done") this.done(data);
    else if (event === "handed_off") this.handedOff(data);
    else if (event === "error") this.failed(data);
  }

  // Steps and bullets that follow each other become one list.
  sentence({ text, citations }) {
    const step = /^\d+\. /.test(text);
    const kind = step ? "ol" : text.startsWith("- ") ? "ul" : text.includes("\n") ? "pre" : "p";
    let block = this.words.lastElementChild;
    // Sentences run on; a row of a table or a lead-in with a colon stands alone.
    const goesOn = block?.localName === kind && kind !== "pre" && (kind !== "p" || this.runsOn);
    this.runsOn = /[.!?…]["'”)]?$/.test(text);
    if (!goesOn) {
      block = make(kind);
      if (step) block.start = parseInt(text, 10);
      this.words.append(block);
    }
    const holder = kind === "ol" || kind === "ul" ? block.appendChild(make("li")) : block;
    const shown = holder.localName === "li" ? text.replace(/^(- |\d+\. )/, "") : text;
    holder.append(document.createTextNode((goesOn && kind === "p" ? " " : "") + shown));
    for (const n of citations) {
      const chip = make("a", "chip", String(n));
      chip.href = `#${this.source(n)}`;
      chip.setAttribute("aria-label", `Source ${n}`);
      chip.title = this.citations?.find((c) => c.n === n)?.title ?? "";
      holder.append(chip);
    }
    this.status.hidden = true;
  }

  done(answer) {
    this.end(answer);
    if (answer.outcome === "clarify") {
      this.words.replaceChildren(make("p", "", answer.message.split("\n")[0]));
      const list = make("ol");
      for (const c of answer.choices) list.append(make("li", "", c.label));
      this.words.append(list);
      this.box.scrollIntoView({ block: "nearest" });
      return;
    }
    const list = make("ol", "sources");
    list.setAttribute("aria-label", "Sources");
    for (const c of answer.citations) {
      const item = make("li");
      item.id = this.source(c.n);
      const link = make("a", "", [c.title, ...c.heading.split(" > ").filter((h) => h && h !== c.title)].join(" › "));
      link.href = c.url;
      link.target = "_blank";
      item.append(make("span", "number", String(c.n)), link, make("blockquote", "", c.quote));
      list.append(item);
    }
    this.box.append(list, this.meta(answer));
    this.box.scrollIntoView({ block: "nearest" });
  }

  handedOff(answer) {
    this.end(answer);
    this.box.classList.add("hand-over");
    const [before, after] = answer.message.split(answer.ticket);
    const message = make("p", "", before);
    if (after !== undefined) message.append(make("span", "ticket", answer.ticket), after);
    this.words.replaceChildren(message);
    this.box.append(this.meta(answer));
    this.box.scrollIntoView({ block: "nearest" });
  }

  failed(problem) {
    this.end();
    this.box.classList.add("failed");
    this.words.append(make("p", "", problem.title ? `${problem.title}: ${problem.detail}.` : problem.detail ?? `The server answered with status ${problem.status}.`));
    if (problem.retry_after_s) this.words.append(make("p", "", `Try again in ${problem.retry_after_s} s.`));
  }

  stopped() {
    this.end();
    this.words.append(make("p", "", "Stopped."));
  }

  end(answer) {
    this.ended = true;
    this.status.remove();
    if (answer) {
      conversation = answer.conversation_id;
      this.box.lang = answer.locale === "und" ? "" : answer.locale;
    }
  }

  meta(answer) {
    const meta = make("div", "meta");
    meta.lang = "en";
    const percent = Math.min(99, Math.round(answer.confidence * 100));
    const words = { handed_off: "Not sure enough to answer" }[answer.outcome]
      ?? (percent >= 90 ? "Very likely right" : percent >= 75 ? "Likely right" : "Possibly right: check the source");
    const reason = { customer_requested: "You asked for a person", no_evidence: "Nothing found in the articles" }[answer.reason];
    meta.append(make("span", "", reason ?? `${words} (${percent} %)`));
    const details = make("details");
    details.append(make("summary", "", `${answer.timings_ms.total.toFixed(0)} ms`));
    const list = make("dl");
    for (const [name, ms] of Object.entries(answer.timings_ms)) list.append(make("dt", "", name), make("dd", "", `${ms.toFixed(1)} ms`));
    list.append(make("dt", "", "index generation"), make("dd", "", String(answer.index_generation)), make("dt", "", "written by"), make("dd", "", answer.generator));
    details.append(list);
    meta.append(details);
    return meta;
  }

  source(n) {
    return `source-${this.number}-${n}`;
  }
}

function make(name, kind = "", text = "") {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text) element.textContent = text;
  return element;
}

// An address like /#q=... asks at once, for links from elsewhere. What follows the # is never sent to
// a server, so that the words stand in no log.
const asked = new URLSearchParams(location.hash.slice(1)).get("q");
if (asked) {
  history.replaceState(null, "", "/");
  ask(asked);
}
