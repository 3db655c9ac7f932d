// Every state of the widget and of the agents' pages, looked at in every way that a customer or an agent
// may have: light and dark, wide and narrow, zoomed, in forced colours, without motion.

import { agent, desk, widget } from "./walk.mjs";
import { at, equal, ok, openWidget, violations, visit } from "./support.mjs";

/** What of the widget sticks out of the window, and what is too small to hit. */
const misfits = (page) =>
  page.evaluate(() => {
    const root = document.querySelector("atbilde-widget").shadowRoot;
    const shown = (e) => e.getClientRects().length && !e.closest(".hidden, svg");
    const all = [...root.querySelectorAll("*")].filter(shown);
    const name = (e) => `${e.localName}.${e.className}`;
    return {
      page: Math.max(0, document.documentElement.scrollWidth - innerWidth),
      over: all.filter((e) => (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1) && !e.closest(".article .table")).map(name),
      // A link within a sentence may be as small as its words (WCAG 2.5.8).
      small: all.filter((e) => e.matches("button, select, input, textarea, a.icon, label[for^=rating]") && (e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24)).map(name),
    };
  });
const FITS = { page: 0, over: [], small: [] };

/** Whether the composer and the way to a person, where it is offered, can be reached. */
const reachable = async (page, state) => {
  if (!(await at.panel(page).isVisible()) || (await at.reader(page).isVisible())) return;
  for (const part of [at.input(page), at.person(page)]) {
    if (!(await part.isVisible())) continue;
    const box = await part.boundingBox();
    const { height } = page.viewportSize();
    ok(box.y >= 0 && box.y + box.height <= height + 1, `${state}: ${JSON.stringify(box)} is outside of the window`);
  }
};

export const tests = {
  async "axe-core finds nothing in any state of the widget, light and dark"({ browser, fake }) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await visit(browser, fake.url, { colorScheme });
      await widget(page, fake, async (state) => equal(await violations(page), [], `${colorScheme}, ${state}`));
      page.noErrors();
      await page.context().close();
    }
  },

  async "axe-core finds nothing in any state of the agents' pages, light and dark"({ browser, program }) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await agent(browser, program, { colorScheme });
      await desk(page, program, async (state) => equal(await violations(page), [], `${colorScheme}, ${state}`));
      page.noErrors();
      await page.context().close();
    }
  },

  async "the login says what is wrong, accessibly"({ browser, program }) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await visit(browser, `${program.url}/login`, { colorScheme });
      await page.getByLabel("Login").fill("nobody");
      await page.getByLabel("Password").fill("wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("alert").getByText("Login or password is wrong.").waitFor();
      equal(await violations(page), [], colorScheme);
      await page.context().close();
    }
  },

  async "at 320 pixels nothing is cut off in any state"({ browser, fake }) {
    const page = await visit(browser, fake.url, { viewport: { width: 320, height: 568 } });
    await widget(page, fake, async (state) => {
      equal(await misfits(page), FITS, state);
      await reachable(page, state);
    });
    page.noErrors();
  },

  async "at 200 % zoom nothing is cut off in any state"({ browser, fake }) {
    // What a window of 1280 by 800 is at 200 %: half as many pixels of CSS, each twice as large.
    const page = await visit(browser, fake.url, { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    await widget(page, fake, async (state) => {
      equal(await misfits(page), FITS, state);
      await reachable(page, state);
    });
    page.noErrors();
  },

  async "right to left nothing is cut off in any state, and the customer's words are at the other side"({ browser, fake }) {
    fake.says = { dir: "rtl" };
    const page = await visit(browser, fake.url, { viewport: { width: 390, height: 780 } });
    await widget(page, fake, async (state) => {
      equal(await misfits(page), FITS, state);
      if (state !== "answered") return;
      const box = await page.locator("atbilde-widget .message.customer").boundingBox();
      ok(box.x < 30, `the customer's words begin at ${box.x}`);
    });
    page.noErrors();
  },

  async "the agents' pages fit into a phone and into 200 % zoom"({ browser, program }) {
    for (const viewport of [{ width: 320, height: 640 }, { width: 640, height: 400 }]) {
      const page = await agent(browser, program, { viewport });
      await desk(page, program, async (state) => {
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        ok(wide <= viewport.width, `${state} is ${wide} pixels wide in a window of ${viewport.width}`);
      });
      page.noErrors();
      await page.context().close();
    }
  },

  async "in forced colours every control has an edge, and what is chosen stands out"({ browser, fake }) {
    const page = await visit(browser, fake.url, { forcedColors: "active" });
    ok(await page.evaluate(() => matchMedia("(forced-colors: active)").matches), "forced colours are not on");
    await widget(page, fake, async (state) => {
      const bare = await page.evaluate(() => {
        const root = document.querySelector("atbilde-widget").shadowRoot;
        const drawn = (e) => {
          const style = getComputedStyle(e);
          return parseFloat(style.borderTopWidth) > 0 || style.textDecorationLine !== "none" || e.textContent.trim() || e.querySelector("svg, img");
        };
        return [...root.querySelectorAll("button, .panel, .card, .launcher")].filter((e) => e.getClientRects().length && !drawn(e)).map((e) => e.className);
      });
      equal(bare, [], state);
      if (state === "helpful") {
        const [yes, no] = await page.locator("atbilde-widget .thumb").evaluateAll((all) => all.map((e) => getComputedStyle(e).color));
        ok(yes !== no, "the pressed thumb looks like the other");
      }
      if (state === "open") {
        const outline = await at.launcher(page).evaluate(() => getComputedStyle(document.querySelector("atbilde-widget").shadowRoot.querySelector(".field")).outlineStyle);
        ok(outline !== "none", "the focus cannot be seen");
      }
    });
    page.noErrors();
  },

  async "who wants no motion gets none, and others do"({ browser, fake }) {
    for (const reducedMotion of ["reduce", "no-preference"]) {
      const page = await visit(browser, fake.url, { reducedMotion });
      const moving = () => page.evaluate(() => document.querySelector("atbilde-widget").shadowRoot.getAnimations().length);
      let most = 0;
      await widget(page, fake, async (state) => {
        const now = await moving();
        most = Math.max(most, now);
        if (reducedMotion === "reduce") equal(now, 0, `what moves in the state ${state}`);
      });
      if (reducedMotion === "no-preference") ok(most > 0, "nothing ever moves, so that this test shows nothing");
      await page.context().close();
    }
  },

  async "the keyboard alone leads an agent through a conversation, and ? tells how"({ browser, program }) {
    const { waiting } = await import("./walk.mjs");
    const page = await agent(browser, program);
    const { ticket } = await waiting(program, ["What does a return cost?"]);
    const title = page.locator("[data-title]");
    await page.locator("[data-rows] a", { hasText: ticket }).waitFor();
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press("j");
      if ((await page.locator("[data-rows] a:focus").textContent()).includes(ticket)) break;
    }
    await page.keyboard.press("Enter");
    await title.getByText(ticket).waitFor();
    await page.keyboard.press("t");
    await page.locator("textarea:focus").waitFor();
    await page.keyboard.type("It costs nothing in Latvia.");
    await page.keyboard.press("Control+Enter");
    await page.locator(".said.agent").getByText("It costs nothing in Latvia.").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("n");
    await page.keyboard.type("Called about zone 1.");
    await page.keyboard.press("Control+Enter");
    await page.locator(".said.note").getByText("Called about zone 1.").waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("q");
    ok((await page.locator("[data-rows] a:focus").textContent()).includes(ticket), "not back in the queue");
    await page.keyboard.press("e");
    await page.locator("[data-sub]").getByText("Resolved").waitFor();
    await page.keyboard.press("4");
    await page.locator("[data-tab=resolved][aria-pressed=true]").waitFor();
    // What is resolved shows its number and what it is about, and is found by the number alone.
    const resolved = page.locator("[data-rows] a", { hasText: ticket });
    await resolved.getByText("What does a return cost?").waitFor();
    await page.keyboard.press("1");
    await page.keyboard.press("/");
    await page.keyboard.type(ticket.toLowerCase());
    await page.locator("[data-found]").getByText("Tickets found: 1").waitFor({ state: "attached" });
    await page.keyboard.press("Enter");
    await title.getByText(ticket).waitFor();
    page.noErrors();
  },

  async "the list goes on behind a page, and stays so when something changes"({ browser, program }) {
    const { waiting } = await import("./walk.mjs");
    for (let i = 0; i < 5; i++) await waiting(program, ["What does a return cost?"]);
    const page = await agent(browser, program);
    // Pages of two, so that five conversations are a long list.
    await page.route(/\/v1\/inbox\/conversations\?/, (route) => route.continue({ url: `${route.request().url()}&limit=2` }));
    const rows = page.locator("[data-rows] > li");
    const more = page.getByRole("button", { name: "Show more" });
    await page.locator("[data-live].on").waitFor();
    await page.keyboard.press("2");
    await page.locator("[data-tab=mine][aria-pressed=true]").waitFor();
    await page.keyboard.press("1");
    await more.waitFor();
    equal(await rows.count(), 2);
    equal(await violations(page), [], "a list that goes on");
    await more.focus();
    await page.keyboard.press("Enter");
    // The reading goes on with the first that is new.
    const third = page.locator("[data-rows] > li:nth-child(3) a:focus");
    await third.waitFor();
    await page.locator("[data-shown]", { hasText: "Conversations shown: 4+" }).waitFor({ state: "attached" });
    const ids = async () => rows.evaluateAll((all) => all.map((row) => row.dataset.id));
    const shown = await ids();
    equal(new Set(shown).size, 4, "each of them once");
    // The first is taken elsewhere: one more comes up, the focus stays where it was.
    const read = page.waitForResponse((response) => response.url().includes("cursor="));
    const taken = await page.evaluate(async (id) => (await fetch(`/v1/inbox/conversations/${id}/take`, { method: "POST", headers: { "X-CSRF-Token": document.body.dataset.csrf } })).status, shown[0]);
    equal(taken, 200);
    await read;
    await page.locator(`[data-rows] > li[data-id="${shown[2]}"]:nth-child(2) a:focus`).waitFor();
    equal((await ids()).slice(0, 3), shown.slice(1), "what stood behind it moves up");
    page.noErrors();
  },

  async "the agents' pages speak the agent's language"({ browser, program }) {
    for (const [locale, log_in, queue, figures] of [
      ["lv-LV", "Pieteikties", "Atvērtās", "Kas notika ar sarunām"],
      ["de-DE", "Anmelden", "Offen", "Was aus Gesprächen wurde"],
      ["fr-FR", "Log in", "Open", "What became of conversations"],
    ]) {
      const page = await visit(browser, `${program.url}/login`, { locale });
      equal(await page.locator("html").getAttribute("lang"), locale === "fr-FR" ? "en" : locale.slice(0, 2));
      await page.getByRole("button", { name: log_in }).waitFor();
      await page.context().close();
      const inside = await agent(browser, program, { locale });
      await inside.locator("[data-tab=open]").getByText(queue, { exact: true }).waitFor();
      const left = await inside.evaluate(() => /\{\w+\}|inbox\.\w+/.exec(document.body.innerText)?.[0] ?? null);
      equal(left, null, "words that were not filled in");
      await inside.goto(`${program.url}/dashboard`);
      await inside.getByRole("heading", { name: figures }).waitFor();
      await inside.context().close();
    }
  },

  async "an agent sees under a follow-up by which words it was searched"({ browser, program }) {
    const page = await agent(browser, program, { locale: "de-DE" });
    const { waiting } = await import("./walk.mjs");
    const { ticket } = await waiting(program, ["What does a return cost?"]);
    await page.route("**/v1/inbox/conversations/*", async (route) => {
      const response = await route.fetch();
      const shown = await response.json();
      const answer = shown.messages?.find((m) => m.author === "assistant");
      if (answer) answer.wording = "What does it cost to return [ORDER_1]?";
      await route.fulfill({ response, json: shown });
    });
    await page.locator("[data-rows] a", { hasText: ticket }).click();
    const searched = page.locator(".said.customer .cited", { hasText: "Gesucht als: What does it cost to return" });
    await searched.waitFor();
    equal(await searched.locator(".redacted").textContent(), "Bestellung 1");
    page.noErrors();
  },

  async "the focus can be seen on every control of the widget"({ browser, fake }) {
    const page = await visit(browser, fake.url);
    await openWidget(page);
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate(() => {
        const e = document.querySelector("atbilde-widget").shadowRoot.activeElement;
        if (!e) return true;
        const ring = getComputedStyle(e.matches("#input") ? e.closest(".field") : e);
        return ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2 ? true : e.className;
      });
      equal(seen, true, "focus ring");
    }
  },
};
