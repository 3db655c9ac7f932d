// Calls to the server. One place for addresses, token and errors.

/** An error with the server's code, or `offline`. */
export class Problem extends Error {
  /** @param {string} code @param {number} [retryAfter] seconds */
  constructor(code, retryAfter) {
    super(code);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/**
 * Whether an error's code says that the conversation is this customer's no more.
 * @param {string} code
 */
export const gone = (code) => code === "unauthorized" || code === "not_found" || code === "forbidden";

export class Api {
  /** @param {string} base */
  constructor(base) {
    this.base = base;
    this.token = "";
    /** Signed proof of who the customer is, from the page. */
    this.identity = "";
    /** Called when the server does not take it; the page may give a new one. */
    this.onrefused = () => {};
  }

  /**
   * @param {string} method @param {string} path
   * @param {{ body?: object, accept?: string, signal?: AbortSignal, keepalive?: boolean,
   *   headers?: Record<string, string> }} [options] @returns {Promise<Response>}
   */
  async call(method, path, { body, accept = "application/json", signal, keepalive, headers = {} } = {}) {
    /** @type {Record<string, string>} */
    const all = { Accept: accept, ...headers };
    if (this.token) all.Authorization = `Bearer ${this.token}`;
    if (this.identity) all["Atbilde-Identity"] = this.identity;
    if (body) all["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(this.base + path, {
        method,
        headers: all,
        body: body && JSON.stringify(body),
        signal,
        keepalive,
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "no-referrer",
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem("offline");
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    if (problem.code === "identity_refused" && this.identity) {
      // An old proof must not end the conversation: it goes on without.
      if (this.identity === all["Atbilde-Identity"]) {
        this.identity = "";
        this.onrefused();
      }
      return this.call(method, path, { body, accept, signal, keepalive, headers });
    }
    throw new Problem(problem.code ?? `status_${response.status}`, problem.retry_after_s);
  }

  /** @param {string} method @param {string} path @param {object} [body] @returns {Promise<any>} */
  async json(method, path, body) {
    const response = await this.call(method, path, { body });
    return response.status === 204 ? undefined : response.json();
  }
}
