// What the browser tests stand on: the real program over a small base, Debian's Chromium, and a page
// on which every error counts.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const here = dirname(fileURLToPath(import.meta.url));
/** The packages lie outside the checkout, so that `npm ci` runs once and not for every copy. */
const require = createRequire(join(process.env.ATBILDE_NODE ?? here, "node_modules", "x.js"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

const CONFIG = `
[site]
id = "shop"
name = "Ozols help"
company = "Ozols Outdoor"
demo = true
[site.suggestions]
en = ["How long does a refund take?", "What does a return cost?"]
[access]
allowed_origins = ["*"]
[assistant.confidence]
threshold = 0.0
[log]
level = "warn"
`;

/** A running `atbilde serve`. */
export class Program {
  /** @param {string} [extra] more configuration @param {{ kb?: string, config?: string }} [own] another base, a whole configuration */
  static async start(extra = "", { kb = join(here, "kb"), config } = {}) {
    const program = new Program();
    program.kb = kb;
    program.folder = mkdtempSync(join(tmpdir(), "atbilde-browser-"));
    writeFileSync(join(program.folder, "atbilde.toml"), (config ? readFileSync(config, "utf8") : CONFIG) + extra);
    await program.run(0);
    return program;
  }

  async run(port) {
    const program = process.env.ATBILDE_PROGRAM;
    const args = ["serve", "--port", String(port), "--kb", this.kb, "--data", join(this.folder, "data"), "--config", join(this.folder, "atbilde.toml")];
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ATBILDE__LOG__LEVEL: "info" } });
    let said = "";
    this.port = await new Promise((found, failed) => {
      const look = (piece) => {
        said += piece;
        const at = /127\.0\.0\.1:(\d+)/.exec(said);
        if (at) found(Number(at[1]));
      };
      this.child.stdout.on("data", look);
      this.child.stderr.on("data", look);
      this.child.on("exit", (code) => failed(new Error(`atbilde ended with ${code}: ${said}`)));
    });
    this.url = `http://127.0.0.1:${this.port}`;
    for (let i = 0; ; i++) {
      const ready = await fetch(`${this.url}/readyz`).then((r) => r.ok, () => false);
      if (ready) return;
      if (i > 3000) throw new Error("atbilde is not ready in time");
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  async halt() {
    this.child.removeAllListeners("exit");
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await ended;
  }

  async restart() {
    await this.halt();
    await this.run(this.port);
  }

  async stop() {
    await this.halt();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function browser() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"] });
}

/** A page that fails the test when anything on it does. */
export async function visit(browser, url, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    // A lost connection is no error of the page's.
    if (message.type() === "error" && !/net::ERR_|status of (401|404|503)/.test(message.text())) errors.push(message.text());
  });
  page.noErrors = () => {
    if (errors.length) throw new Error(`errors on the page: ${errors.join("; ")}`);
  };
  await page.goto(url);
  return page;
}

/** The parts of the widget. Locators see through its shadow root. */
export const at = {
  launcher: (page) => page.locator("atbilde-widget .launcher"),
  panel: (page) => page.locator("atbilde-widget .panel"),
  input: (page) => page.locator("atbilde-widget #input"),
  person: (page) => page.locator("atbilde-widget .person"),
  answers: (page) => page.locator("atbilde-widget .message.assistant.done"),
  messages: (page) => page.locator("atbilde-widget .message"),
  reader: (page) => page.locator("atbilde-widget .reader"),
  log: (page) => page.locator("atbilde-widget .log"),
  menu: (page) => page.locator("atbilde-widget [aria-controls=menu]"),
  said: (page) => page.locator("atbilde-widget [aria-live=polite] p").allTextContents(),
};

export async function openWidget(page) {
  await at.launcher(page).click();
  await at.panel(page).waitFor();
}

export async function ask(page, question) {
  const before = await at.answers(page).count();
  await at.input(page).fill(question);
  await at.input(page).press("Enter");
  await at.answers(page).nth(before).waitFor();
}

/** Violations that axe-core finds on the page, in words. */
export async function violations(page) {
  await page.evaluate(await (await import("node:fs/promises")).readFile(axe, "utf8"));
  const found = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.flat().join(" ") + " " + (n.any[0]?.message ?? n.all[0]?.message ?? "")).join(" | ")}`);
  });
  return found;
}

/** The box around everything that differs between two screenshots of the same size; undefined for none. */
export async function difference(browser, one, other) {
  const page = await browser.newPage();
  const box = await page.evaluate(async (both) => {
    const [a, b] = await Promise.all(
      both.map(async (png) => {
        const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = canvas.getContext("2d");
        context.drawImage(bitmap, 0, 0);
        return context.getImageData(0, 0, bitmap.width, bitmap.height);
      }),
    );
    let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
    for (let i = 0; i < a.data.length; i += 4) {
      if (a.data[i] === b.data[i] && a.data[i + 1] === b.data[i + 1] && a.data[i + 2] === b.data[i + 2]) continue;
      const [x, y] = [(i / 4) % a.width, Math.floor(i / 4 / a.width)];
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
    return right < 0 ? undefined : { left, top, right, bottom };
  }, [one.toString("base64"), other.toString("base64")]);
  await page.close();
  return box;
}

/** Fails where two screenshots differ outside of `box` and the shadow around it. */
export async function differsWithin(browser, one, other, box, shadow, what) {
  const found = await difference(browser, one, other);
  ok(found, `${what}: the screenshots do not differ at all`);
  const fits = found.left >= box.x - shadow && found.top >= box.y - shadow && found.right <= box.x + box.width + shadow && found.bottom <= box.y + box.height + shadow;
  ok(fits, `${what}: ${JSON.stringify(found)} differs, the widget is at ${JSON.stringify(box)}`);
}

export function equal(found, wanted, what = "") {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: found ${a} instead of ${b}`);
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}
