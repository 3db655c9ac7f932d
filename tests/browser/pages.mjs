// The public pages: whole, accessible and harmless, light and dark, wide and narrow.

import { PATHS } from "./walk.mjs";
import { equal, ok, violations, visit } from "./support.mjs";


export const tests = {
  async "axe-core finds nothing on any page, light and dark, and nothing is wider than the window"({ browser, program }) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1280, 320]) {
        for (const path of PATHS) {
          const page = await visit(browser, program.url + path, { colorScheme, viewport: { width, height: 800 } });
          await page.waitForLoadState("networkidle");
          equal(await violations(page), [], `${path} ${colorScheme} ${width}`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth);
          ok(wide <= width, `${path} is ${wide} pixels wide in a window of ${width}`);
          page.noErrors();
          await page.context().close();
        }
      }
    }
  },

  async "a hostile article runs nothing, on its page or in the search"({ browser, program }) {
    for (const path of ["/kb/hostile", "/kb?q=zyxqhostile", `/kb?q=${encodeURIComponent('"><img src=x onerror=window.hacked=1>')}`]) {
      const page = await visit(browser, program.url + path);
      await page.waitForLoadState("networkidle");
      equal(await page.evaluate(() => window.hacked ?? null), null, path);
    }
  },

  async "the playground shows passages, confidence, guard and times"({ browser, program }) {
    const page = await visit(browser, `${program.url}/playground`);
    await page.getByLabel("A customer's question").fill("How long does a refund take?");
    await page.getByRole("button", { name: "Look into it" }).click();
    await page.getByText("It would be answered").waitFor();
    ok((await page.locator(".passages > li").count()) > 0, "no passages");
    for (const text of ["Guard", "Time", "The answer"]) ok(await page.getByRole("heading", { name: text, exact: true }).isVisible(), text);
    equal(await violations(page), [], "playground with an answer");
    page.noErrors();
  },

  async "a button on an article asks the widget"({ browser, program }) {
    const page = await visit(browser, `${program.url}/kb/returns`);
    await page.getByRole("button", { name: "Ask a question" }).click();
    await page.locator("atbilde-widget .panel").waitFor();
    page.noErrors();
  },

  async "the widget adds less than 50 ms of blocking to a page"({ browser, program }) {
    // Time of the processor on the main thread, not of the clock: what else the machine does is not
    // counted. Several loads, in turn with and without the widget; medians.
    const blocked = { without: [], with: [] };
    let size = 0;
    const load = async (prepare) => {
      const page = await visit(browser, "about:blank");
      await prepare(page);
      await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
      await page.goto(program.url);
      await page.waitForLoadState("networkidle");
      const time = blockingTime(JSON.parse((await browser.stopTracing()).toString()).traceEvents);
      const script = await page.evaluate(() => performance.getEntriesByType("resource").find((e) => e.name.includes("/widget-"))?.encodedBodySize);
      size = Math.max(size, script ?? 0);
      await page.context().close();
      return time;
    };
    for (let i = 0; i < 5; i++) {
      blocked.without.push(await load((page) => page.route(/\/assets\/widget-/, (route) => route.abort())));
      blocked.with.push(await load(async () => {}));
    }
    const slow = await load((page) => page.route(/\/assets\/widget-/, (route) => route.fulfill({ contentType: "text/javascript", body: "for (const end = performance.now() + 600; performance.now() < end; );" })));
    ok(slow > 50, `a script that blocks for long is not noticed: ${slow.toFixed(1)} ms`);
    const [without, held] = [median(blocked.without), median(blocked.with)];
    console.log(`        blocked without the widget ${without.toFixed(1)} ms, with it ${held.toFixed(1)} ms; the widget has ${size} bytes`);
    ok(held - without < 50, `the widget blocks the page for ${(held - without).toFixed(1)} ms more`);
    ok(size > 0 && size < 30 * 1024, `size of the widget: ${size}`);
  },
};

/** Sum of what tasks of the page's main thread took beyond 50 ms, as Lighthouse counts it. */
function blockingTime(events) {
  const threads = new Set(events.filter((e) => e.name === "thread_name" && e.args.name === "CrRendererMain").map((e) => `${e.pid}:${e.tid}`));
  const tasks = events.filter((e) => e.ph === "X" && /RunTask$/.test(e.name) && threads.has(`${e.pid}:${e.tid}`));
  ok(tasks.length > 20, `only ${tasks.length} tasks in the trace`);
  return tasks.reduce((sum, e) => sum + Math.max(0, (e.tdur ?? e.dur) / 1000 - 50), 0);
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
