// The widget: one script, one custom element with a shadow root, `window.Atbilde` for the page. The
// page's styles do not reach in and ours do not reach out; nothing about prompt or model can be set.

import { Api } from "./api.js";
import { shades } from "./colour.js";
import { Conversation } from "./conversation.js";
import { h, icon } from "./dom.js";
import { Panel } from "./panel.js";
import { SessionKeeper } from "./session.js";
import { STYLE } from "./style.js";
import { Words } from "./words.js";

const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60000;
const NAME = "atbilde-widget";

class Widget {
  /** @type {import("./wire").Site} */
  site;
  /** @type {Words} */
  words;
  /** @type {SessionKeeper} */
  keeper;
  /** @type {Conversation} */
  conversation;
  /** What had the focus before it was opened. @type {HTMLElement | undefined} */
  before;
  ready = false;

  /** @param {HTMLElement} host @param {string} base @param {import("./wire").Attributes} attributes */
  constructor(host, base, attributes) {
    this.host = host;
    this.attributes = attributes;
    this.api = new Api(base);
    this.root = h("div", { cls: "root", hidden: true });
    this.unread = 0;
    /** @type {Map<string, Set<(detail: any) => void>>} */
    this.listeners = new Map();
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    shadow.adoptedStyleSheets = [sheet];
    shadow.append(this.root);
    this.panel = new Panel(this.api, attributes, {
      close: () => this.close(),
      emit: (name, detail) => this.emit(name, detail),
      locale: (tag) => this.setLocale(tag),
    });
    this.badge = h("span", { cls: "badge", hidden: true });
    this.caption = h("span", { cls: "caption" });
    this.launcher = h(
      "button",
      { type: "button", cls: "launcher", "aria-expanded": "false", "aria-controls": "panel", onclick: () => this.toggle() },
      /** @type {any} */ (icon("chat")),
      this.caption,
      this.badge,
    );
    this.root.append(this.panel.node, this.launcher);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", () => this.paint());
  }

  /** Asks the server for texts and settings until it answers. */
  async start() {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      try {
        await this.load(this.attributes.locale);
        break;
      } catch (error) {
        if (/** @type {any} */ (error).code === "not_found") return console.error(`Atbilde: there is no site "${this.attributes.site}"; see site.id in its configuration.`);
        if (this.attributes.offline) this.absent();
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    this.keeper = new SessionKeeper(this.site.site, this.site.storage);
    this.conversation = new Conversation(this.api, this.keeper, {
      change: (item) => this.panel.change(item),
      removed: (item) => this.panel.log.remove(item),
      sentence: (item, sentence) => this.panel.sentence(item, sentence),
      state: () => this.changed(),
      typing: (typing) => this.panel.agentTyping(typing),
      online: (online) => this.panel.connection(online),
      ended: (item) => this.ended(item),
      fresh: (item) => this.fresh(item),
    });
    this.api.onrefused = () => this.emit("identity_refused");
    this.conversation.locale = this.site.locale;
    this.conversation.site = this.site.site;
    this.panel.attach(this.conversation);
    this.speak();
    this.root.hidden = false;
    const { session } = this.keeper;
    if (session) {
      await this.conversation.resume();
      if (session.open) this.open();
    }
    this.panel.live = true;
    this.ready = true;
    this.emit("ready");
  }

  /** @param {string} locale */
  async load(locale) {
    const query = new URLSearchParams({ site: this.attributes.site, locale });
    /** @type {import("./wire").Site} */
    this.site = await this.api.json("GET", `/v1/site?${query}`);
  }

  /** The server cannot be reached and the page has words for that. */
  absent() {
    this.paint();
    this.root.hidden = false;
    this.caption.textContent = this.attributes.offline;
    this.launcher.setAttribute("disabled", "");
  }

  speak() {
    const { site, root } = this;
    this.words = new Words(site.locale, site.strings);
    root.lang = site.locale;
    root.dir = site.dir;
    root.dataset.corner = this.attributes.position || site.look.position;
    this.launcher.removeAttribute("disabled");
    this.caption.textContent = this.attributes.launcher || this.words.text("launcher");
    this.paint();
    this.label();
    this.panel.speak(site, this.words);
  }

  paint() {
    const wanted = this.attributes.theme;
    const dark = wanted === "dark" || (wanted !== "light" && this.dark.matches);
    this.root.dataset.theme = dark ? "dark" : "light";
    const { accent, on, ink } = shades(this.attributes.accent || this.site?.look.accent || "#0f6b57", dark);
    this.root.style.setProperty("--accent", accent);
    this.root.style.setProperty("--on-accent", on);
    this.root.style.setProperty("--accent-ink", ink);
  }

  /** Name of the launcher for those who do not see it. */
  label() {
    const news = this.unread ? `, ${this.words.count("new_messages", this.unread)}` : "";
    const name = this.isOpen ? this.words.text("close") : this.caption.textContent + news;
    this.launcher.setAttribute("aria-label", name ?? "");
    this.launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.badge.hidden = this.unread === 0;
    this.badge.textContent = String(this.unread);
  }

  changed() {
    if (this.conversation.items.length === 0) this.panel.log.clear();
    this.panel.state();
  }

  /** @param {import("./wire").Item} item */
  ended(item) {
    this.panel.change(item);
    if (item.outcome === "handed_off") {
      this.panel.announcer.say(item.text);
      this.emit("handed_off", { ticket: this.conversation.ticket });
    } else this.emit("answered", { outcome: item.outcome, confidence: item.confidence });
  }

  /** @param {import("./wire").Item} item */
  fresh(item) {
    this.panel.fresh(item);
    if (item.author === "agent" && !this.isOpen) {
      this.unread += 1;
      this.label();
    }
  }

  get isOpen() {
    return !this.panel.node.hidden;
  }

  open() {
    if (!this.conversation || this.isOpen) return;
    const active = document.activeElement;
    this.before = active instanceof HTMLElement && active !== this.host && active !== document.body ? active : undefined;
    this.unread = 0;
    this.root.classList.add("open");
    this.panel.show();
    this.keeper.opened(true);
    this.label();
    this.emit("opened");
  }

  close() {
    if (!this.isOpen) return;
    if (this.panel.reader.open) this.panel.reader.close();
    this.panel.node.hidden = true;
    this.root.classList.remove("open");
    this.keeper.opened(false);
    this.label();
    (this.before?.isConnected ? this.before : this.launcher).focus({ preventScroll: true });
  }

  toggle() {
    this.isOpen ? this.close() : this.open();
  }

  /** @param {string} text */
  ask(text) {
    const words = String(text ?? "").trim().slice(0, this.site.limits.message_chars);
    this.open();
    if (words) return this.panel.ask(words);
  }

  /** Who the customer is; what they talked about elsewhere goes on here. @param {string} token */
  async setUser(token) {
    this.api.identity = String(token ?? "");
    if (this.api.identity && this.keeper.session) {
      // Another customer at the same computer does not see the words of the one before.
      await this.api.json("GET", this.conversation.path).catch((error) => {
        if (error.code === "forbidden") this.conversation.leave();
      });
    }
    if (!this.api.identity || this.keeper.session || this.conversation.starting) return;
    try {
      const { conversations } = await this.api.json("GET", "/v1/me");
      const own = conversations.find((/** @type {{ state: string }} */ c) => c.state !== "resolved");
      if (!own || this.keeper.session || this.conversation.starting) return;
      this.keeper.set({ id: own.conversation_id, token: own.token, expires: own.expires_at });
      await this.conversation.resume();
    } catch {
      // Nothing to go on with; a refused proof was told to the page.
    }
  }

  /** @param {string} locale */
  async setLocale(locale) {
    this.attributes.locale = String(locale);
    try {
      await this.load(this.attributes.locale);
    } catch {
      return;
    }
    this.conversation.locale = this.site.locale;
    this.speak();
  }

  /** @param {string} name @param {object} [detail] */
  emit(name, detail = {}) {
    for (const listener of this.listeners.get(name) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        console.error(error);
      }
    }
    window.dispatchEvent(new CustomEvent(`atbilde:${name}`, { detail }));
  }

  /** @param {string} name @param {(detail: any) => void} listener */
  on(name, listener) {
    const all = this.listeners.get(name) ?? new Set();
    all.add(listener);
    this.listeners.set(name, all);
    if (name === "ready" && this.ready) listener({});
    return () => all.delete(listener);
  }
}

function begin() {
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (!script || customElements.get(NAME)) return;
  const set = script.dataset;
  customElements.define(NAME, class extends HTMLElement {});
  const host = document.createElement(NAME);
  const widget = new Widget(host, new URL(script.src).origin, {
    site: set.site ?? "",
    locale: set.locale ?? "auto",
    position: set.position ?? "",
    theme: set.theme ?? "auto",
    accent: set.accent ?? set.color ?? "",
    logo: set.logo ?? "",
    greeting: set.greeting ?? "",
    launcher: set.launcher ?? "",
    offline: set.offline ?? "",
  });
  // What is called before the texts are there is done afterwards.
  const soon = (/** @type {() => any} */ act) => (widget.ready ? act() : void widget.on("ready", act));
  Object.defineProperty(window, "Atbilde", {
    configurable: true,
    value: Object.freeze({
      open: () => soon(() => widget.open()),
      close: () => soon(() => widget.close()),
      toggle: () => soon(() => widget.toggle()),
      ask: (/** @type {string} */ text) => soon(() => widget.ask(text)),
      setUser: (/** @type {string} */ token) => soon(() => widget.setUser(token)),
      setLocale: (/** @type {string} */ tag) => soon(() => widget.setLocale(tag)),
      on: (/** @type {string} */ name, /** @type {() => void} */ listener) => widget.on(name, listener),
      reset: () => soon(() => widget.conversation.leave()),
    }),
  });
  // Beside the body, not in it: rules for the body's children do not count the widget.
  document.documentElement.append(host);
  widget.start();
}

begin();
