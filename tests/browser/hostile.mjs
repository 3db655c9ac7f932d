// A page that does everything to break a widget, and must not be changed by one.

import { at, differsWithin, equal, ok, openWidget, visit } from "./support.mjs";

const HOSTILE = (script) => `<!doctype html><html lang="en"><head><title>Shop</title>
<style nonce="n1">
* { all: unset !important; color: red !important; font: 40px serif !important; transform: rotate(3deg) !important; display: inline !important; }
html, body { display: block !important; margin: 20px !important; transform: none !important; height: 2000px; }
head, head * { display: none !important; }
button { display: none !important; }
body > :last-child { background: lime !important; }
</style>
<script nonce="n1">
  Array.prototype.extra = function () { return "extra"; };
  Object.prototype.more = "more";
  String.prototype.trimmed = 1;
  // Another widget: in the same corner, over everything, and with keys of its own.
  customElements.define("other-chat", class extends HTMLElement {
    connectedCallback() {
      const button = document.createElement("b");
      button.textContent = "other";
      this.attachShadow({ mode: "open" }).append(button);
    }
  });
  addEventListener("keydown", (event) => {
    (window.keys ??= []).push(event.key);
    if (event.key.length === 1) event.preventDefault();
  });
  window.onerror = (message) => { (window.errors ??= []).push(message); };
</script>${script}</head>
<body><p>One paragraph of the shop.</p><p>Another one.</p><other-chat></other-chat></body></html>`;

const POLICY = (origin) =>
  `default-src 'none'; script-src 'nonce-n1' ${origin}; style-src 'nonce-n1'; connect-src ${origin}; require-trusted-types-for 'script'`;

export const tests = {
  async "a hostile page neither breaks the widget nor is changed by it"({ browser, fake }) {
    const script = `<script nonce="n1" async src="${fake.url}/widget.js" data-site="shop"></script>`;
    const headers = { "Content-Security-Policy": POLICY(fake.url) };
    fake.pages.set("/bare", { body: HOSTILE(""), headers });
    fake.pages.set("/held", { body: HOSTILE(script), headers });
    const bare = await visit(browser, `${fake.url}/bare`);
    const held = await visit(browser, `${fake.url}/held`);
    await at.launcher(held).waitFor();
    const globals = (page) => page.evaluate(() => Object.getOwnPropertyNames(window).filter((n) => !/^(errors|\d+)$/.test(n)).sort());
    const known = new Set(await globals(bare));
    equal((await globals(held)).filter((name) => !known.has(name)), ["Atbilde"], "globals");
    const box = await at.launcher(held).boundingBox();
    ok(box.height >= 50 && box.height < 70 && box.y > 600, `the launcher is deformed: ${JSON.stringify(box)}`);
    const before = await bare.screenshot();
    await differsWithin(browser, before, await held.screenshot(), box, 40, "closed");
    await openWidget(held);
    await at.input(held).focus();
    await held.keyboard.type("How long does a refund take?");
    await held.keyboard.press("Enter");
    await at.answers(held).first().waitFor();
    equal(await held.evaluate(() => window.keys ?? []), [], "keys that the page heard of what was written");
    const color = await held.locator("atbilde-widget .message.assistant .words").evaluate((e) => getComputedStyle(e).color);
    ok(color !== "rgb(255, 0, 0)", "the page's colours reach in");
    equal(await held.evaluate(() => [scrollX, scrollY, document.body.style.length]), [0, 0, 0], "scroll and body");
    const panel = await at.panel(held).boundingBox();
    await differsWithin(browser, before, await held.screenshot(), panel, 82, "open");
    await held.keyboard.press("Escape");
    await at.panel(held).waitFor({ state: "hidden" });
    await differsWithin(browser, before, await held.screenshot(), box, 40, "closed again");
    equal(await held.evaluate(() => window.errors ?? []), [], "errors");
    held.noErrors();
  },

  async "a page of another origin can hold it, without a cookie"({ browser, fake, program }) {
    const script = `<script async src="${program.url}/widget.js" data-site="shop" data-locale="de" data-position="left" data-accent="#7a1fa2"></script>`;
    fake.pages.set("/elsewhere", { body: `<!doctype html><html lang="de"><title>x</title><body>${script}</body></html>`, headers: {} });
    const page = await visit(browser, `${fake.url}/elsewhere`);
    await openWidget(page);
    ok(await page.getByText("Sie sprechen mit einem KI-Assistenten von Ozols Outdoor.").isVisible(), "no German disclosure");
    ok((await at.panel(page).boundingBox()).x < 100, "not at the left");
    equal(await page.context().cookies(), [], "cookies");
    page.noErrors();
  },
};
