// What a screen reader says: every finished sentence, message and error, once. The log itself is
// silent, so that chips and buttons that come with a message are not read out with it.

import { h } from "./dom.js";

const KEPT = 12;

export class Announcer {
  constructor() {
    this.node = h("div", { cls: "hidden", "aria-live": "polite", "aria-relevant": "additions" });
  }

  /** @param {string} text */
  say(text) {
    if (!text) return;
    this.node.append(h("p", {}, text));
    while (this.node.childElementCount > KEPT) this.node.firstElementChild?.remove();
  }
}
