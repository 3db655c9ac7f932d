// Server-sent events of a fetch response. `EventSource` cannot send a token, so the stream is read
// here: any line ending, data over several lines, comments, and an end when the line has gone dead.

/** The server sends a comment every ten to fifteen seconds. */
const DEAD_AFTER_MS = 45000;

/**
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<import("./wire").Frame>}
 */
export async function* frames(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await alive(reader.read());
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      // A line feed may follow in the next piece.
      const whole = buffer.endsWith("\r") ? buffer.slice(0, -1) : buffer;
      const parts = whole.replace(/\r\n?/g, "\n").split("\n\n");
      buffer = (parts.pop() ?? "") + (whole.length < buffer.length ? "\r" : "");
      for (const part of parts) {
        const frame = parse(part);
        if (frame) yield frame;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** @param {string} part @returns {import("./wire").Frame | undefined} */
function parse(part) {
  let event = "message";
  let id = "";
  /** @type {string[]} */
  const data = [];
  for (const line of part.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") event = value;
    else if (name === "id") id = value;
    else if (name === "data") data.push(value);
  }
  if (!data.length) return undefined;
  try {
    return { event, id, data: JSON.parse(data.join("\n")) };
  } catch {
    return undefined;
  }
}

/** @template T @param {Promise<T>} read @returns {Promise<T>} */
function alive(read) {
  /** @type {number | undefined} */
  let timer;
  const dead = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new TypeError("the stream is silent")), DEAD_AFTER_MS);
  });
  return Promise.race([read, /** @type {Promise<never>} */ (dead)]).finally(() => clearTimeout(timer));
}
