// The conversation that this browser goes on with. In memory alone, until a message has been sent
// and the site's setting allows more; other tabs of the same page learn of it over a channel.

export class SessionKeeper {
  /** @param {string} site @param {import("./wire").Storage} policy */
  constructor(site, policy) {
    this.name = `atbilde:${site}`;
    this.policy = policy;
    /** @type {import("./wire").Session | undefined} */
    this.session = this.read();
    /** @type {(message: any) => void} */
    this.onmessage = () => {};
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel(this.name) : undefined;
    this.channel?.addEventListener("message", ({ data }) => this.heard(data));
    if (!this.session) this.tell({ kind: "hello" });
  }

  /** @param {import("./wire").Session} session */
  set(session) {
    this.session = session;
    this.write();
    this.tell({ kind: "session", session: this.shared() });
  }

  /** @param {boolean} open */
  opened(open) {
    if (!this.session) return;
    this.session.open = open;
    this.write();
  }

  forget() {
    this.session = undefined;
    this.write();
  }

  /** @param {object} message */
  tell(message) {
    this.channel?.postMessage(message);
  }

  shared() {
    return this.session && { ...this.session, open: undefined };
  }

  /** @param {any} data */
  heard(data) {
    if (data?.kind === "hello") {
      if (this.session) this.tell({ kind: "session", session: this.shared() });
    } else if (data?.kind === "session" && data.session?.id) {
      if (this.session?.id === data.session.id) return;
      // A conversation of one's own is not given up for another tab's.
      if (this.session) return;
      this.session = data.session;
      this.write();
      this.onmessage(data);
    } else {
      this.onmessage(data);
    }
  }

  store() {
    try {
      if (this.policy === "local") return window.localStorage;
      if (this.policy === "session") return window.sessionStorage;
    } catch {
      // Storage is switched off: memory alone.
    }
    return undefined;
  }

  read() {
    try {
      const session = JSON.parse(this.store()?.getItem(this.name) ?? "null");
      if (!session?.id || !session.token) return undefined;
      if (session.expires && Date.parse(session.expires) < Date.now()) return undefined;
      return session;
    } catch {
      return undefined;
    }
  }

  write() {
    try {
      if (this.session) this.store()?.setItem(this.name, JSON.stringify(this.session));
      else this.store()?.removeItem(this.name);
    } catch {
      // Full or forbidden: memory alone.
    }
  }
}
