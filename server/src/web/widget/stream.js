// The stream of a conversation's events. One tab reads it and tells the others, because a browser
// opens six connections to a host at most; where there are no locks each tab reads its own.

import { gone, Problem } from "./api.js";
import { frames } from "./sse.js";

const FIRST_WAIT_MS = 800;
const LONGEST_WAIT_MS = 30000;

export class EventStream {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./session.js").SessionKeeper} keeper
   * @param {string} path
   * @param {() => number} last the last number seen
   * @param {{ frame: (frame: import("./wire").Frame) => void, online: (online: boolean) => void,
   *   connected: () => void, gone: () => void }} to
   */
  constructor(api, keeper, path, last, to) {
    this.api = api;
    this.keeper = keeper;
    this.path = path;
    this.last = last;
    this.to = to;
    this.ended = new AbortController();
    this.seen = "";
    this.wake = () => {};
  }

  start() {
    if (this.begun) return;
    this.begun = true;
    window.addEventListener("online", () => this.wake(), { signal: this.ended.signal });
    const locks = this.keeper.channel && navigator.locks;
    const read = () => this.read();
    if (locks) {
      locks.request(`${this.keeper.name}:${this.path}`, { signal: this.ended.signal }, read).catch(() => {});
    } else read();
  }

  stop() {
    this.ended.abort();
    this.wake();
  }

  /** A frame that the reading tab passed on. @param {import("./wire").Frame} frame */
  relayed(frame) {
    if (frame.id) this.seen = frame.id;
    this.to.frame(frame);
  }

  /** Reads until the end, again and again. */
  async read() {
    let wait = FIRST_WAIT_MS;
    while (!this.ended.signal.aborted) {
      try {
        const last = String(Math.max(this.last(), Number(this.seen) || 0));
        const response = await this.api.call("GET", this.path, {
          accept: "text/event-stream",
          headers: { "Last-Event-ID": last },
          signal: this.ended.signal,
        });
        this.to.online(true);
        this.to.connected();
        wait = FIRST_WAIT_MS;
        for await (const frame of frames(/** @type {ReadableStream} */ (response.body))) {
          if (this.ended.signal.aborted) return;
          this.relayed(frame);
          this.keeper.tell({ kind: "frame", id: this.keeper.session?.id, frame });
        }
      } catch (error) {
        if (this.ended.signal.aborted) return;
        if (error instanceof Problem && gone(error.code)) {
          return this.to.gone();
        }
        this.to.online(false);
      }
      // Spread, so that a restarted server is not met by everybody at once.
      await this.rest(wait * (0.7 + Math.random() * 0.6));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }

  /** @param {number} ms */
  rest(ms) {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done(undefined);
      };
    });
  }
}
