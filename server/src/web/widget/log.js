// The list of messages: one bubble each, changed in place, so that focus and selection stay.

import { dots, h, icon, linked } from "./dom.js";
import { articleOf } from "./reader.js";

/** Below this an answer says in words how sure it is. */
const FAIRLY_SURE = 0.9;
const UNSURE = 0.8;

/** @typedef {import("./wire").Item} Item */

/** Node of a bubble with its parts. @typedef {{ node: HTMLElement, words: HTMLElement, foot: HTMLElement, said: number, drawn: string, goesOn: boolean }} Bubble */

export class Log {
  /**
   * @param {{ words: () => import("./words.js").Words, say: (text: string) => void,
   *   cite: (item: Item, n: number, from: HTMLElement) => void, retry: (item: Item) => void,
   *   helpful: (item: Item, yes: boolean) => void, person: () => void, live: () => boolean }} to
   */
  constructor(to) {
    this.to = to;
    /** @type {Map<string, Bubble>} */
    this.bubbles = new Map();
    this.list = h("div", { cls: "list" });
  }

  clear() {
    this.bubbles.clear();
    this.list.replaceChildren();
  }

  /** @param {Item} item */
  remove(item) {
    this.bubbles.get(item.key)?.node.remove();
    this.bubbles.delete(item.key);
  }

  /** Draws a message anew; `all` gives its place. @param {Item} item @param {Item[]} all */
  update(item, all) {
    const bubble = this.bubbles.get(item.key) ?? this.add(item);
    this.place(bubble.node, item, all);
    const { words } = bubble;
    bubble.node.className = `message ${item.author} ${item.status}${item.outcome === "handed_off" ? " over" : ""}`;
    if (item.author === "assistant" && item.sentences.length) {
      while (bubble.said < item.sentences.length) this.sentence(item, item.sentences[bubble.said]);
    } else if (item.text && words.dataset.text !== item.text) {
      words.dataset.text = item.text;
      words.replaceChildren();
      linked(words.appendChild(h("p", { dir: "auto" })), item.text);
    }
    this.foot(bubble, item);
  }

  /** @param {Item} item @returns {Bubble} */
  add(item) {
    const words = h("div", { cls: "words" });
    const foot = h("div", { cls: "foot" });
    const agent = item.author === "agent";
    const who = h("span", { cls: agent ? "who" : "hidden" }, agent ? this.who(item) : `${this.who(item)}: `);
    const node = h("div", {}, item.author !== "system" && who, words, foot);
    const bubble = { node, words, foot, said: 0, drawn: "", goesOn: false };
    this.bubbles.set(item.key, bubble);
    return bubble;
  }

  /** @param {HTMLElement} node @param {Item} item @param {Item[]} all */
  place(node, item, all) {
    const at = all.indexOf(item);
    const next = all.slice(at + 1).map((i) => this.bubbles.get(i.key)?.node).find((n) => n?.isConnected);
    if (!node.isConnected || node.nextElementSibling !== (next ?? null)) {
      this.list.insertBefore(node, next ?? null);
    }
  }

  /** @param {Item} item */
  who(item) {
    const words = this.to.words();
    if (item.author === "customer") return words.text("you");
    if (item.author === "agent") return item.name || words.text("colleague");
    return words.text("assistant");
  }

  /** Adds one proven sentence with its sources. @param {Item} item @param {import("./wire").Sentence} sentence */
  sentence(item, sentence) {
    const bubble = this.bubbles.get(item.key);
    if (!bubble) return;
    bubble.said += 1;
    const { text } = sentence;
    const step = /^\d+\. /.test(text);
    const kind = step ? "ol" : text.startsWith("- ") ? "ul" : "p";
    let block = /** @type {HTMLElement | null} */ (bubble.words.lastElementChild);
    // Sentences run on; a row of a table or a lead-in with a colon stands alone.
    const same = block?.localName === kind && (kind !== "p" || (bubble.goesOn && !text.includes("\n")));
    bubble.goesOn = /[.!?…]["'”»)]?$/.test(text);
    if (!block || !same) {
      block = h(kind, { dir: "auto" });
      if (step) block.setAttribute("start", String(parseInt(text, 10)));
      bubble.words.append(block);
    }
    const holder = kind === "p" ? block : block.appendChild(h("li"));
    if (kind === "p" && same) holder.append(" ");
    const part = holder.appendChild(h("span", { cls: "sentence" }));
    const bare = kind === "p" ? text : text.replace(/^(- |\d+\. )/, "");
    const chips = sentence.citations.flatMap((n) => ["\u00a0", this.chip(item, n)]);
    // The number of a source never begins a line: it stays with the last word, if that is no long one, and
    // that with its number ("9,90 €").
    const cut = bare.search(/\s(?:\d[\d.,]*\s)?\S{1,20}$/) + 1;
    const tied = chips.length > 0 && cut > 0 && !bare.slice(cut).includes("://");
    linked(part, tied ? bare.slice(0, cut) : bare);
    if (tied) part.append(h("span", { cls: "end" }, bare.slice(cut), ...chips));
    else holder.append(...chips);
    if (this.to.live()) this.to.say(text);
    this.foot(bubble, item);
  }

  /** @param {Item} item @param {number} n */
  chip(item, n) {
    const words = this.to.words();
    const title = item.citations.find((c) => c.n === n)?.title ?? "";
    const label = words.text("source", { n, title });
    return h(
      "button",
      { cls: "chip", type: "button", "aria-label": label, title, onclick: (/** @type {any} */ e) => this.to.cite(item, n, e.currentTarget) },
      String(n),
    );
  }

  /** Time, sources, confidence, questions under a message. @param {Bubble} bubble @param {Item} item */
  foot(bubble, item) {
    const drawn = JSON.stringify([item.status, item.helpful, item.error, item.ahead, item.seq, item.citations.length, item.confidence, item.sentences.length > 0, this.to.words().locale]);
    if (drawn === bubble.drawn) return;
    bubble.drawn = drawn;
    const focused = bubble.foot.contains(/** @type {ShadowRoot} */ (bubble.foot.getRootNode()).activeElement);
    bubble.foot.replaceChildren(...this.footParts(item));
    if (focused) /** @type {HTMLElement | null} */ (bubble.foot.querySelector("button, [tabindex]"))?.focus();
  }

  /** @param {Item} item @returns {HTMLElement[]} */
  footParts(item) {
    const words = this.to.words();
    const time = h("time", { datetime: item.at }, words.time(item.at));
    if (item.author === "system") return [];
    if (item.author === "agent") return [time];
    if (item.author === "customer") {
      if (item.status === "sending") return [h("span", {}, words.text("sending"))];
      if (item.status !== "failed") return [time];
      return [
        h("span", { cls: "wrong" }, `${words.text("not_sent")}. ${words.error(item.error)}`),
        h("button", { cls: "link", type: "button", onclick: () => this.to.retry(item) }, words.text("retry")),
      ];
    }
    if (item.status === "streaming" && !item.sentences.length) {
      const waits = item.ahead ? words.count("ahead", item.ahead) : words.text("thinking");
      return [h("p", { cls: "thinking" }, dots(), waits)];
    }
    if (item.status === "streaming") return [h("p", { cls: "thinking" }, dots(), h("span", { cls: "hidden" }, words.text("thinking")))];
    const parts = [];
    const answered = item.sentences.length > 0;
    if (item.status === "stopped") parts.push(h("p", { cls: "note" }, words.text("stopped")));
    if (item.error) parts.push(h("p", { cls: "note" }, words.text("server.ended_early")));
    const sure = item.confidence ?? 1;
    if (answered && item.status === "done" && sure < FAIRLY_SURE) {
      parts.push(h("p", { cls: "note" }, words.text(sure < UNSURE ? "confidence_low" : "confidence_medium")));
    }
    if (answered && item.status === "done") parts.push(this.sources(item));
    if (answered && (item.seq ?? 0) > 0) parts.push(this.helpful(item));
    parts.push(time);
    return parts;
  }

  /** @param {Item} item */
  sources(item) {
    const words = this.to.words();
    const used = new Set(item.sentences.flatMap((s) => s.citations));
    const seen = new Set();
    const entries = item.citations.filter((c) => used.has(c.n) && !seen.has(articleOf(c)) && seen.add(articleOf(c)));
    return h(
      "ul",
      { cls: "sources", "aria-label": words.text("sources") },
      ...entries.map((c) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: (/** @type {any} */ e) => this.to.cite(item, c.n, e.currentTarget) },
            h("span", { "aria-hidden": "true" }, String(c.n)),
            c.heading && entries.some((other) => other !== c && other.title === c.title) ? c.heading : c.title,
          ),
        ),
      ),
    );
  }

  /** @param {Item} item */
  helpful(item) {
    const words = this.to.words();
    /** @param {boolean} yes */
    const button = (yes) =>
      h(
        "button",
        {
          type: "button",
          cls: "thumb",
          "aria-pressed": String(item.helpful === yes),
          "aria-label": words.text(yes ? "helpful_yes" : "helpful_no"),
          title: words.text(yes ? "helpful_yes" : "helpful_no"),
          onclick: () => this.to.helpful(item, yes),
        },
        /** @type {any} */ (icon(yes ? "up" : "down")),
      );
    const said =
      item.helpful === undefined ? words.text("helpful") : words.text(item.helpful ? "helpful_thanks" : "helpful_sorry");
    const row = h("div", { cls: "helpful" }, button(true), button(false), h("span", {}, said));
    if (item.helpful === false) {
      row.append(h("button", { cls: "link", type: "button", onclick: () => this.to.person() }, words.text("person")));
    }
    return row;
  }
}
