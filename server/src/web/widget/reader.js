// The side panel that shows a cited article at its heading, with the quoted words marked. The article
// comes as a tree of names from a short list, so that nothing in it can run or load anything. Where it does
// not come (it is for customers and the proof is over, or it is gone), the quoted words are shown.

import { h, icon } from "./dom.js";

const ELEMENTS = new Set(
  "a abbr b blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr ul var".split(" "),
);
const ATTRIBUTES = new Set(["id", "class", "lang", "dir", "start", "colspan", "rowspan", "scope", "title"]);

/**
 * Where a cited article is read; an answer of a server of an older version names its page alone.
 * @param {Pick<import("./wire").Citation, "url"> & { article?: string }} cited
 */
export const articleOf = (cited) => cited.article ?? cited.url.replace("/kb/", "/v1/articles/");

export class Reader {
  /** @param {import("./api.js").Api} api @param {() => import("./words.js").Words} words @param {() => void} closed */
  constructor(api, words, closed) {
    this.api = api;
    this.words = words;
    this.closed = closed;
    this.title = h("h2", { tabindex: "-1", id: "reader-title" });
    this.page = h("a", { target: "_blank", rel: "noopener", cls: "icon" }, /** @type {any} */ (icon("out")));
    this.back = h("button", { type: "button", cls: "icon", onclick: () => this.close() }, /** @type {any} */ (icon("back")));
    this.body = h("div", { cls: "article", tabindex: "0", role: "group", "aria-labelledby": "reader-title" });
    this.node = h(
      "section",
      { cls: "reader", "aria-labelledby": "reader-title", hidden: true },
      h("div", { cls: "head" }, this.back, this.title, this.page),
      this.body,
    );
  }

  get open() {
    return !this.node.hidden;
  }

  /**
   * @param {Pick<import("./wire").Citation, "title" | "article" | "url" | "quote">} cited
   * @param {HTMLElement} from the focus goes back there
   */
  async show(cited, from) {
    const words = this.words();
    this.from = from;
    this.back.setAttribute("aria-label", words.text("article_close"));
    this.page.setAttribute("aria-label", words.text("article_page"));
    this.page.title = words.text("article_page");
    this.title.textContent = cited.title;
    const [path, anchor = ""] = articleOf(cited).split("#");
    // An article for customers has no page.
    this.page.hidden = !cited.url;
    /** @type {HTMLAnchorElement} */ (this.page).href = this.api.base + cited.url;
    this.body.replaceChildren(h("p", { cls: "quiet" }, "…"));
    this.node.hidden = false;
    this.title.focus({ preventScroll: true });
    const asked = (this.asked = {});
    try {
      /** @type {import("./wire").Article} */
      const article = await this.api.json("GET", path);
      if (asked !== this.asked) return;
      this.title.textContent = article.title;
      this.body.lang = article.locale;
      if (article.dir) this.body.dir = article.dir;
      this.body.replaceChildren(...article.body.map((node) => this.make(node)).filter((n) => n !== undefined));
      const marked = mark(this.body, cited.quote, decodeURIComponent(anchor), words.text("quoted"));
      const at = marked ?? this.heading(decodeURIComponent(anchor));
      // Not `scrollIntoView`, which would move the page around the panel too.
      if (at) this.body.scrollTop = at.getBoundingClientRect().top - this.body.getBoundingClientRect().top - 48;
      else this.body.scrollTop = 0;
    } catch (error) {
      if (asked === this.asked) this.failed(cited.quote, /** @type {any} */ (error).code === "not_found");
    }
  }

  /** @param {string} quote @param {boolean} missing there is no such article for this reader, and no page */
  failed(quote, missing) {
    const words = this.words();
    for (const name of ["lang", "dir"]) this.body.removeAttribute(name);
    this.page.hidden ||= missing;
    this.body.replaceChildren();
    if (quote) this.body.append(h("p", { cls: "quiet" }, words.text("quoted")), h("blockquote", { cls: "quote", dir: "auto" }, readable(quote)));
    if (!quote || !missing) this.body.append(h("p", { role: "alert" }, words.text("article_failed")));
  }

  close() {
    this.node.hidden = true;
    this.asked = undefined;
    this.closed();
    if (this.from?.isConnected) this.from.focus({ preventScroll: true });
  }

  /** @param {string} anchor @returns {Element | undefined} */
  heading(anchor) {
    return anchor ? [...this.body.querySelectorAll("[id]")].find((n) => n.id === anchor) : undefined;
  }

  /** @param {import("./wire").ArticleNode} part @returns {Node | undefined} */
  make(part) {
    if (typeof part === "string") return document.createTextNode(part);
    const [name, attributes, children] = part;
    if (name === "input") return document.createTextNode("checked" in attributes ? "☑ " : "☐ ");
    if (!ELEMENTS.has(name) || attributes.class === "anchor") return undefined;
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (ATTRIBUTES.has(key)) node.setAttribute(key, value);
      else if (key === "href") this.link(node, value);
    }
    for (const child of children) {
      const made = this.make(child);
      if (made) node.append(made);
    }
    return node;
  }

  /** @param {HTMLElement} node @param {string} href */
  link(node, href) {
    if (href.startsWith("#")) {
      node.setAttribute("href", href);
      node.addEventListener("click", (event) => {
        event.preventDefault();
        const at = this.heading(decodeURIComponent(href.slice(1)));
        if (at) this.body.scrollTop += at.getBoundingClientRect().top - this.body.getBoundingClientRect().top - 8;
      });
    } else if (href.startsWith("/v1/articles/")) {
      // It has no page to lead to: it opens here.
      node.setAttribute("href", "#");
      node.addEventListener("click", (event) => {
        event.preventDefault();
        if (this.from) this.show({ title: node.textContent ?? "", article: href, url: "", quote: "" }, this.from);
      });
    } else if (/^(https?:\/\/|mailto:|tel:|\/kb\/)/.test(href)) {
      node.setAttribute("href", href.startsWith("/") ? this.api.base + href : href);
      node.setAttribute("target", "_blank");
      node.setAttribute("rel", "noopener noreferrer");
    }
  }
}

/** A quote with the rows of a table as people read them. @param {string} quote */
const readable = (quote) => quote.replace(/^\|(.*)\|$/gm, (_, cells) => cells.trim().replace(/\s*\|\s*/g, " · "));

/**
 * Marks the words of `quote` below `root`, from the heading on where it stands there; the first mark.
 * Compared by letters and digits alone: a quote has no table lines and no list signs.
 * @param {HTMLElement} root @param {string} quote @param {string} anchor @param {string} label
 * @returns {HTMLElement | undefined}
 */
function mark(root, quote, anchor, label) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  /** @type {{ node: Text, at: number }[]} */
  const places = [];
  let all = "";
  let from = 0;
  const heading = anchor ? [...root.querySelectorAll("[id]")].find((n) => n.id === anchor) : undefined;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (heading && !from && heading.contains(node)) from = Math.max(1, all.length);
    const text = node.nodeValue ?? "";
    for (let i = 0; i < text.length; i++) {
      if (!/[\p{L}\p{N}]/u.test(text[i])) continue;
      all += text[i].toLowerCase()[0];
      places.push({ node: /** @type {Text} */ (node), at: i });
    }
  }
  /** @type {Map<Text, [number, number][]>} */
  const spans = new Map();
  for (const line of [quote, ...quote.split(/\n|(?<=[.!?…])\s/)]) {
    const bare = [...line].filter((c) => /[\p{L}\p{N}]/u.test(c)).map((c) => c.toLowerCase()[0]).join("");
    if (bare.length < 4) continue;
    let start = all.indexOf(bare, from);
    if (start < 0) start = all.indexOf(bare);
    if (start < 0) continue;
    for (let i = start; i < start + bare.length; i++) {
      const { node, at } = places[i];
      const list = spans.get(node) ?? [];
      const last = list[list.length - 1];
      if (last && i > start && places[i - 1].node === node) last[1] = at + 1;
      else list.push([at, at + 1]);
      spans.set(node, list);
    }
    if (line === quote) break;
  }
  /** @type {HTMLElement[]} */
  const marks = [];
  for (const [node, list] of spans) {
    let rest = node;
    let cut = 0;
    for (const [start, end] of list.sort((a, b) => a[0] - b[0])) {
      if (start < cut) continue;
      const part = rest.splitText(start - cut);
      rest = part.splitText(end - start);
      cut = end;
      const marked = h("mark", { title: label });
      part.replaceWith(marked);
      marked.append(part);
      marks.push(marked);
    }
  }
  return marks.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1))[0];
}
