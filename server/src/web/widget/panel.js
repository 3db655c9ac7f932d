// The open widget: header, messages, composer, and what keyboard and screen reader need of them.

import { Announcer } from "./announce.js";
import { confirmDelete, rating, save, waiting } from "./cards.js";
import { dots, h, icon } from "./dom.js";
import { Log } from "./log.js";
import { Reader } from "./reader.js";

/** Distance from the end within which the log follows new messages, pixels. */
const NEAR_END = 120;
/** Characters left from which on they are counted. */
const COUNTED = 200;

/** @typedef {import("./wire").Item} Item */

export class Panel {
  /** @type {import("./conversation.js").Conversation} */
  conversation;
  /** @type {import("./words.js").Words} */
  words;
  /** @type {import("./wire").Site} */
  site;
  /** @type {HTMLElement | undefined} the questions to choose from */
  questions;
  /** @type {number | undefined} */
  typingTimer;
  /** What the cards were drawn from. */
  drawnCards = "";
  /** The state that was said last. */
  saidState = "";

  /**
   * @param {import("./api.js").Api} api @param {import("./wire").Attributes} attributes
   * @param {{ close: () => void, emit: (name: string, detail?: object) => void, locale: (tag: string) => void }} to
   */
  constructor(api, attributes, to) {
    this.api = api;
    this.attributes = attributes;
    this.to = to;
    this.announcer = new Announcer();
    this.log = new Log({
      words: () => this.words,
      say: (text) => this.announcer.say(text),
      cite: (item, n, from) => this.cite(item, n, from),
      retry: (item) => this.conversation.deliver(item),
      helpful: (item, yes) => this.helpful(item, yes),
      person: () => this.person(),
      live: () => this.live,
    });
    /** Whether what is drawn is new and therefore said. */
    this.live = false;
    this.reader = new Reader(api, () => this.words, () => this.node.classList.remove("wide"));
    this.picture = h("span", { cls: "picture", "aria-hidden": "true" });
    this.title = h("h2", { id: "title" });
    this.subtitle = h("p", { cls: "subtitle" });
    this.more = h("button", { type: "button", cls: "icon", "aria-haspopup": "true", "aria-expanded": "false", "aria-controls": "menu", onclick: () => this.menu(this.options.hidden) }, /** @type {any} */ (icon("more")));
    this.shut = h("button", { type: "button", cls: "icon", onclick: () => this.to.close() }, /** @type {any} */ (icon("close")));
    this.options = h("div", { cls: "menu", id: "menu", hidden: true });
    this.notice = h("div", { cls: "notice", hidden: true });
    this.intro = h("div", { cls: "intro" });
    this.cards = h("div", { cls: "cards" });
    this.typing = h("p", { cls: "thinking", hidden: true });
    this.scroller = h("div", { cls: "log", role: "log", "aria-live": "off", tabindex: "0" }, this.intro, this.log.list, this.typing, this.cards);
    this.newest = h("button", { type: "button", cls: "newest", hidden: true, onclick: () => this.toEnd(true) }, /** @type {any} */ (icon("arrow")));
    this.field = /** @type {HTMLTextAreaElement} */ (h("textarea", { id: "input", rows: 1, enterkeyhint: "send" }));
    this.label = h("label", { for: "input", cls: "hidden" });
    this.send = h("button", { type: "submit", cls: "send" });
    this.count = h("span", { cls: "count", id: "count" });
    this.help = h("button", { type: "button", cls: "person", onclick: () => this.person() });
    this.form = h("form", { cls: "composer" }, this.label, h("div", { cls: "field" }, this.field, this.send), h("div", { cls: "below" }, this.help, this.count));
    this.chat = h(
      "div",
      { cls: "chat" },
      h("div", { cls: "head" }, this.picture, h("div", { cls: "names" }, this.title, this.subtitle), this.more, this.shut, this.options),
      this.notice,
      h("div", { cls: "middle" }, this.scroller, this.newest),
      this.form,
    );
    this.node = h("section", { cls: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", hidden: true, tabindex: "-1" }, this.reader.node, this.chat, this.announcer.node);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        if (!this.conversation.running) this.submit();
      }
    });
    this.field.addEventListener("input", () => {
      this.grow();
      this.conversation.typing();
    });
    this.scroller.addEventListener("scroll", () => this.followed(), { passive: true });
    this.node.addEventListener("keydown", (event) => this.key(event));
    // What is written here is not for the page's own keys, which would see the element and no field.
    for (const kind of ["keydown", "keypress", "keyup"]) this.node.addEventListener(kind, (event) => event.stopPropagation());
  }

  /** @param {import("./conversation.js").Conversation} conversation */
  attach(conversation) {
    this.conversation = conversation;
  }

  /** Draws everything anew in a language. @param {import("./wire").Site} site @param {import("./words.js").Words} words */
  speak(site, words) {
    this.site = site;
    this.words = words;
    this.title.textContent = site.name;
    this.more.setAttribute("aria-label", words.text("menu"));
    this.shut.setAttribute("aria-label", words.text("close"));
    this.scroller.setAttribute("aria-label", words.text("conversation"));
    this.newest.setAttribute("aria-label", words.text("newest"));
    this.newest.title = words.text("newest");
    this.label.textContent = words.text("input");
    this.field.placeholder = words.text("placeholder");
    this.help.replaceChildren(/** @type {any} */ (icon("person")), words.text("person"));
    const logo = this.attributes.logo || site.look.logo;
    const mark = logo ? h("img", { src: logo, alt: "" }) : icon("spark");
    this.picture.replaceChildren(/** @type {any} */ (mark));
    this.introduce();
    this.redraw();
  }

  redraw() {
    const live = this.live;
    this.live = false;
    this.log.clear();
    for (const item of this.conversation.items) this.log.update(item, this.conversation.items);
    this.live = live;
    this.state();
  }

  /** What stands before the first message: what this is, a greeting, questions. */
  introduce() {
    const { site, words } = this;
    const questions = site.suggestions.map((question) =>
      h("li", {}, h("button", { type: "button", cls: "suggestion", onclick: () => this.ask(question) }, question)),
    );
    this.questions = h("div", { cls: "suggestions" }, h("h3", {}, words.text("suggestions")), h("ul", {}, ...questions));
    this.intro.replaceChildren(
      h("p", { cls: "disclosure" }, site.disclosure),
      h("p", { cls: "greeting" }, this.attributes.greeting || site.greeting),
      ...(questions.length ? [this.questions] : []),
    );
  }

  /** Draws what depends on the state of the conversation. */
  state() {
    const { conversation, words, site } = this;
    if (!words) return;
    const { state } = conversation;
    const begun = conversation.items.length > 0 || state !== "assistant";
    if (this.questions) this.questions.hidden = begun;
    const agent = conversation.agent || words.text("colleague");
    this.subtitle.textContent = { assistant: words.text("assistant"), waiting: words.text("waiting"), with_agent: `${agent} · ${words.text("team")}`, resolved: words.text("ended") }[state];
    const called = state === "waiting" || state === "with_agent";
    // The focus must not fall out of the widget with the button.
    if (called && /** @type {ShadowRoot} */ (this.node.getRootNode()).activeElement === this.help) {
      this.scroller.focus({ preventScroll: true });
    }
    this.help.hidden = called;
    if (state !== "with_agent") this.typing.hidden = true;
    this.send.replaceChildren(/** @type {any} */ (icon(conversation.running ? "stop" : "send")));
    this.send.setAttribute("aria-label", words.text(conversation.running ? "stop" : "send"));
    const signature = JSON.stringify([state, conversation.queue, conversation.ticket, conversation.emailed, conversation.rating, words.locale, conversation.hours ?? site.hours]);
    if (signature !== this.drawnCards) {
      this.drawnCards = signature;
      const typed = /** @type {HTMLInputElement | null} */ (this.cards.querySelector("#email"));
      const focused = typed && /** @type {ShadowRoot} */ (this.node.getRootNode()).activeElement === typed;
      this.cards.replaceChildren();
      if (state === "waiting") {
        this.cards.append(waiting(words, conversation, site, (email) => this.email(email), () => this.toEnd()));
        const field = /** @type {HTMLInputElement | null} */ (this.cards.querySelector("#email"));
        if (field && typed) field.value = typed.value;
        if (field && focused) field.focus();
      } else if (state === "resolved") {
        this.cards.append(
          conversation.rating === undefined
            ? rating(words, (n, comment) => this.rate(n, comment), () => this.toEnd())
            : h("p", { cls: "card" }, words.text("rating_thanks")),
        );
      }
      this.toEnd();
    }
    const said = state === this.saidState ? "" : this.subtitle.textContent;
    if (this.live && said && this.saidState && state !== "assistant") this.announcer.say(said);
    this.saidState = state;
    this.options.hidden || this.menu(true);
  }

  /** @param {Item} item */
  change(item) {
    if (!this.words) return;
    const near = this.nearEnd();
    this.log.update(item, this.conversation.items);
    if (item.status === "failed" && this.live) this.announcer.say(`${this.words.text("not_sent")}. ${this.words.error(item.error)}`);
    if (this.questions) this.questions.hidden = true;
    if (near || item.author === "customer") this.toEnd();
  }

  /** @param {Item} item @param {import("./wire").Sentence} sentence */
  sentence(item, sentence) {
    if (!this.words) return;
    const near = this.nearEnd();
    this.log.sentence(item, sentence);
    if (near) this.toEnd();
  }

  /** A message of somebody else has come. @param {Item} item */
  fresh(item) {
    if (!this.words || item.author === "customer") return;
    const said = item.author === "agent" ? `${this.log.who(item)}: ${item.text}` : item.text;
    if (!item.sentences.length) this.announcer.say(said);
  }

  /** @param {boolean} typing */
  agentTyping(typing) {
    const { words, conversation } = this;
    if (!words) return;
    clearTimeout(this.typingTimer);
    const near = this.nearEnd();
    this.typing.replaceChildren(dots(), words.text("typing", { name: conversation.agent || words.text("colleague") }));
    this.typing.hidden = !typing;
    if (typing) this.typingTimer = setTimeout(() => (this.typing.hidden = true), 8000);
    if (near) this.toEnd();
  }

  /** @param {boolean} online */
  connection(online) {
    if (!this.words) return;
    const was = this.notice.hidden;
    this.notice.hidden = online;
    if (online || !was) {
      if (online && !was && this.live) this.announcer.say(this.words.text("online"));
      return;
    }
    this.notice.replaceChildren(
      h("span", {}, this.words.text("offline")),
      h("button", { type: "button", cls: "link", onclick: () => this.conversation.stream?.wake() }, this.words.text("retry_now")),
    );
    if (this.live) this.announcer.say(this.words.text("offline"));
  }

  submit() {
    if (this.conversation.running) return this.conversation.stop();
    const text = this.field.value.trim();
    if (!text || text.length > this.site.limits.message_chars) return;
    this.field.value = "";
    this.grow();
    this.ask(text);
  }

  /** @param {string} text */
  ask(text) {
    const going = this.conversation.send(text);
    this.state();
    // The chosen question is gone; without this the focus would fall out of the widget.
    if (!this.touch()) this.field.focus({ preventScroll: true });
    return going;
  }

  async person() {
    const { help, words } = this;
    help.setAttribute("aria-busy", "true");
    try {
      await this.conversation.person();
      this.to.emit("handed_off", { ticket: this.conversation.ticket, reason: "customer_requested" });
    } catch (error) {
      this.problem(words.error(/** @type {any} */ (error).code));
    } finally {
      help.removeAttribute("aria-busy");
    }
  }

  /** @param {string} email */
  async email(email) {
    await this.conversation.person(email);
    this.announcer.say(this.words.text("email_thanks", { email }));
  }

  /** @param {Item} item @param {boolean} yes */
  async helpful(item, yes) {
    try {
      await this.conversation.helpful(item, yes);
      this.announcer.say(this.words.text(yes ? "helpful_thanks" : "helpful_sorry"));
    } catch {
      this.problem(this.words.text("error.other"));
    }
  }

  /** @param {number} n @param {string} comment */
  async rate(n, comment) {
    await this.conversation.rate(n, comment);
    this.to.emit("rated", { rating: n });
    this.announcer.say(this.words.text("rating_thanks"));
    this.scroller.focus({ preventScroll: true });
  }

  /** A sentence about something that did not work. @param {string} text */
  problem(text) {
    const note = h("p", { cls: "card wrong" }, text);
    this.cards.append(note);
    this.drawnCards = "";
    this.announcer.say(text);
    this.toEnd();
  }

  /** @param {Item} item @param {number} n @param {HTMLElement} from */
  cite(item, n, from) {
    const citation = item.citations.find((c) => c.n === n);
    if (!citation) return;
    this.node.classList.add("wide");
    this.reader.show(citation, from);
  }

  /** @param {boolean} open */
  menu(open) {
    const { words, conversation } = this;
    const had = !this.options.hidden;
    this.options.hidden = !open;
    this.more.setAttribute("aria-expanded", String(open));
    if (!open) return;
    /** @type {(HTMLElement | false)[]} */
    const entries = [];
    /** @param {string} key @param {() => void} act */
    const entry = (key, act) =>
      entries.push(h("button", { type: "button", onclick: () => (this.menu(false), this.more.focus(), act()) }, words.text(key)));
    const exists = Boolean(conversation.id);
    if (exists) entry("download", () => this.download());
    if (exists && conversation.state !== "resolved") entry("end", () => this.guarded(() => conversation.close()));
    if (exists) entry("new", () => conversation.leave());
    if (exists) entry("delete", () => this.askDelete());
    const { opt_out, automated_answers } = conversation.objections;
    const choices = h(
      "fieldset",
      { cls: "choices" },
      h("legend", {}, words.text("privacy")),
      this.choice("only_answer", opt_out, (on) => ({ opt_out: on })),
      this.choice("people_only", !automated_answers, (on) => ({ automated_answers: !on })),
    );
    const choose = /** @type {HTMLSelectElement} */ (h("select", { id: "language" }));
    for (const { tag, name } of this.site.locales) {
      choose.append(h("option", { value: tag, lang: tag, selected: tag === this.site.locale }, name));
    }
    choose.addEventListener("change", () => (this.menu(false), this.to.locale(choose.value), this.more.focus()));
    // Drawing anew must not take the focus away.
    const root = /** @type {ShadowRoot} */ (this.node.getRootNode());
    const focused = had && this.options.contains(root.activeElement) ? root.activeElement?.id : "";
    this.options.replaceChildren(
      ...entries.filter((e) => e !== false),
      choices,
      h("div", { cls: "language" }, h("label", { for: "language" }, words.text("language")), choose),
    );
    if (focused) root.getElementById(focused)?.focus();
    if (!had) /** @type {HTMLElement | null} */ (this.options.querySelector("button, input, select"))?.focus();
  }

  /**
   * Something that the customer decides about their words.
   * @param {string} key @param {boolean} on
   * @param {(on: boolean) => Partial<import("./wire").Objections>} means
   */
  choice(key, on, means) {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", id: key, checked: on }));
    box.addEventListener("change", async () => {
      try {
        await this.conversation.choose(means(box.checked));
        this.announcer.say(this.words.text("saved"));
      } catch (error) {
        // The box shows again what holds, and the sentence is not hidden behind the menu.
        this.state();
        this.menu(false);
        this.more.focus();
        this.problem(this.words.error(/** @type {any} */ (error).code));
      }
    });
    return h("label", { for: key }, box, h("span", {}, this.words.text(key)));
  }

  /** @param {() => Promise<any>} work */
  async guarded(work) {
    try {
      await work();
    } catch (error) {
      this.problem(this.words.error(/** @type {any} */ (error).code));
    }
  }

  download() {
    return this.guarded(async () => {
      const response = await this.api.call("GET", `${this.conversation.path}/export?format=html`, { accept: "text/html" });
      save(await response.blob(), "conversation.html", this.node);
    });
  }

  askDelete() {
    const back = () => (box.remove(), this.more.focus());
    const box = confirmDelete(
      this.words,
      () => {
        back();
        this.guarded(async () => {
          const receipt = await this.conversation.remove();
          this.receipt(receipt);
        });
      },
      back,
    );
    this.chat.append(box);
    box.querySelector("button")?.focus();
  }

  /** @param {object} receipt */
  receipt(receipt) {
    const file = new Blob([JSON.stringify(receipt, null, 2)], { type: "application/json" });
    const text = this.words.text("deleted");
    this.cards.replaceChildren(
      h(
        "div",
        { cls: "card" },
        h("p", {}, text),
        h("button", { type: "button", cls: "second", onclick: () => save(file, "erasure-receipt.json", this.node) }, this.words.text("receipt")),
      ),
    );
    this.announcer.say(text);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Tab") return this.trap(event);
    if (event.key !== "Escape" || event.isComposing) return;
    event.stopPropagation();
    const confirm = /** @type {HTMLElement | null} */ (this.chat.querySelector(".confirm .second"));
    if (confirm) confirm.click();
    else if (!this.options.hidden) (this.menu(false), this.more.focus());
    else if (this.reader.open) this.reader.close();
    else this.to.close();
  }

  /** Tab stays in a question that must be answered, and in the widget where it fills the window. @param {KeyboardEvent} event */
  trap(event) {
    const confirm = /** @type {HTMLElement | null} */ (this.chat.querySelector(".confirm"));
    const room = confirm ?? (this.full() ? this.node : undefined);
    if (!room) return;
    const all = /** @type {HTMLElement[]} */ ([...room.querySelectorAll("button, a[href], input, select, textarea, [tabindex='0']")]);
    const stops = all.filter((e) => e.getClientRects().length > 0);
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const active = /** @type {ShadowRoot} */ (this.node.getRootNode()).activeElement;
    if (event.shiftKey ? active === first || active === this.node : active === last) {
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    }
  }

  full() {
    return matchMedia("(max-width: 480px)").matches;
  }

  touch() {
    return matchMedia("(pointer: coarse)").matches;
  }

  /** Opens and takes the focus, on a touch screen without calling the keyboard. */
  show() {
    this.node.hidden = false;
    this.node.setAttribute("aria-modal", String(this.full()));
    (this.touch() ? this.node : this.field).focus({ preventScroll: true });
    this.toEnd();
  }

  grow() {
    const { field, site, words } = this;
    field.style.setProperty("height", "auto");
    field.style.setProperty("height", `${Math.min(field.scrollHeight, 140)}px`);
    const left = site.limits.message_chars - field.value.length;
    this.count.textContent = left < 0 ? words.text("too_long") : left < COUNTED ? words.count("characters_left", left) : "";
    field.setAttribute("aria-invalid", String(left < 0));
  }

  nearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_END;
  }

  followed() {
    this.newest.hidden = this.nearEnd();
  }

  /** @param {boolean} [smooth] */
  toEnd(smooth = false) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
    this.newest.hidden = true;
    if (smooth) this.scroller.focus({ preventScroll: true });
  }
}
