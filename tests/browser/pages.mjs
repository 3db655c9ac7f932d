// The public pages: whole, accessible and harmless, light and dark, wide and narrow.

import { equal, ok, violations, visit } from "./support.mjs";

const PATHS = ["/", "/kb", "/kb/returns", "/kb?q=refund&lang=en", "/kb/lv/returns", "/playground", "/docs", "/kb/nothing"];

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

  async "the widget blocks the page for less than 50 ms"({ browser, program }) {
    const page = await visit(browser, "about:blank");
    await page.addInitScript(() => {
      window.long = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.long += entry.duration - 50;
      }).observe({ type: "longtask", buffered: true });
    });
    await page.goto(program.url);
    await page.locator("atbilde-widget .launcher").waitFor();
    const figures = await page.evaluate(() => {
      const [shown] = performance.getEntriesByName("first-contentful-paint");
      const script = performance.getEntriesByType("resource").find((e) => e.name.includes("/widget-"));
      return { blocked_ms: Math.round(window.long), first_paint_ms: Math.round(shown?.startTime ?? 0), widget_bytes: script?.encodedBodySize, shift: performance.getEntriesByType("layout-shift").length };
    });
    console.log(`    demo page: ${JSON.stringify(figures)}`);
    ok(figures.widget_bytes > 0 && figures.widget_bytes < 30 * 1024, "size of the widget");
  },
};
