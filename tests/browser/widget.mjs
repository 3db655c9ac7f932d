// The widget over conversations that the fake leads: what a real server does rarely, and every state.

import { CITATIONS } from "./fake.mjs";
import { ask, at, equal, ok, openWidget, visit } from "./support.mjs";

const start = async ({ browser, fake }, options) => {
  const page = await visit(browser, fake.url, options);
  await openWidget(page);
  return page;
};

export const tests = {
  async "an answer comes sentence by sentence, each said once, and its source opens"({ browser, fake }) {
    const page = await start({ browser, fake });
    ok((await page.locator("atbilde-widget .disclosure").textContent()).includes("AI assistant of Ozols Outdoor"), "no disclosure");
    await page.locator("atbilde-widget .suggestion").first().click();
    await at.answers(page).first().waitFor();
    equal(await page.locator("atbilde-widget .message.assistant .sentence").count(), 3, "sentences");
    const said = await at.said(page);
    for (const sentence of ["We send the money", "Your bank needs", "Open My orders"]) {
      equal(said.filter((s) => s.includes(sentence)).length, 1, `said once: ${sentence}`);
    }
    equal(await page.locator("atbilde-widget .log").getAttribute("role"), "log");
    await page.locator("atbilde-widget .message .chip").first().click();
    await at.reader(page).locator("mark").first().waitFor();
    ok((await at.reader(page).locator("mark").first().textContent()).startsWith("We send the money"), "the quote is not marked");
    await page.keyboard.press("Escape");
    await at.reader(page).waitFor({ state: "hidden" });
    equal(await page.evaluate(() => document.querySelector("atbilde-widget").shadowRoot.activeElement.className), "chip", "focus");
    page.noErrors();
  },

  async "a source for customers alone opens in place or shows its words, and leads to no page"({ browser, fake }) {
    const [kept] = CITATIONS;
    CITATIONS[0] = { ...kept, url: "", article: "/v1/articles/circle#badges" };
    try {
      const page = await start({ browser, fake });
      const [chip, reader] = [page.locator("atbilde-widget .message .chip").first(), at.reader(page)];
      await ask(page, "Is it so?");
      // Without a proof there is no such article.
      await chip.click();
      await reader.locator("blockquote", { hasText: kept.quote }).waitFor();
      equal(await reader.getByRole("alert").count(), 0, "errors");
      equal(await reader.getByRole("link").count(), 0, "links");
      await page.keyboard.press("Escape");
      const articles = {
        circle: { title: "Aurora circle", locale: "en", url: "", body: [["p", {}, [kept.quote]], ["a", { href: "/v1/articles/aurora" }, ["The northern lights"]]] },
        aurora: { title: "Aurora", locale: "en", url: "", body: [["p", {}, ["Seen from Ventspils."]]] },
      };
      await page.route("**/v1/articles/*", (route) => route.fulfill({ json: articles[route.request().url().split("/").pop()] }));
      await chip.click();
      await reader.locator("mark").first().waitFor();
      await reader.getByText("The northern lights").click();
      await reader.getByText("Seen from Ventspils.").waitFor();
      equal(await reader.getByRole("link").count(), 0, "links");
      equal(page.context().pages().length, 1, "pages");
      await page.keyboard.press("Escape");
      page.noErrors();
    } finally {
      CITATIONS[0] = kept;
    }
  },

  async "a thumb is kept, and below a certain confidence the words say so"({ browser, fake }) {
    fake.confidence = 0.6;
    const page = await start({ browser, fake });
    await ask(page, "Is it so?");
    ok(await page.getByText("I am not certain. Please check the source.").isVisible(), "confidence is not said");
    await page.getByRole("button", { name: "No, not helpful" }).click();
    equal(await page.getByRole("button", { name: "No, not helpful" }).getAttribute("aria-pressed"), "true");
    await at.log(page).getByText("Sorry about that").waitFor();
    fake.confidence = 0.93;
    page.noErrors();
  },

  async "the first click can be the one for a person; the agent's messages come live; the rating ends it"({ browser, fake }) {
    const page = await start({ browser, fake });
    await at.person(page).click();
    await page.getByText("Ticket T-7Q2M9K4XBD").waitFor();
    await page.getByText("Number 2 in the queue · About 3 minutes").waitFor();
    equal(await at.person(page).isVisible(), false, "the button for a person while one is coming");
    await page.getByLabel("E-mail address").fill("not one");
    await page.getByRole("button", { name: "Leave the address" }).click();
    await page.getByText("Please enter an address").waitFor();
    await page.getByLabel("E-mail address").fill("liga@example.com");
    await page.getByRole("button", { name: "Leave the address" }).click();
    await page.locator("atbilde-widget .waiting").getByText("An agent can also reach you at liga@example.com").waitFor();
    const c = fake.last;
    fake.take(c);
    await page.locator("atbilde-widget .subtitle").getByText("Anna Ozola").waitFor();
    fake.typing(c);
    await page.locator("atbilde-widget .log > .thinking").getByText("Anna Ozola is typing").waitFor();
    fake.say(c, "Hello! See https://shop.example/x");
    await page.locator("atbilde-widget .message.agent").getByText("Hello!").waitFor();
    ok((await at.said(page)).includes("Anna Ozola: Hello! See https://shop.example/x"), "the agent's message was not said");
    await at.input(page).fill("Thank you");
    await at.input(page).press("Enter");
    await page.locator("atbilde-widget .message.customer.done").getByText("Thank you").waitFor();
    equal(await page.locator("atbilde-widget .message.customer").count(), 1, "own message");
    fake.setState(c, "resolved");
    await page.getByText("How was this conversation?").waitFor();
    await page.locator("atbilde-widget .stars label").nth(3).click();
    await page.getByRole("button", { name: "Send rating" }).click();
    await page.locator("atbilde-widget .cards").getByText("Thank you for your rating.").waitFor();
    equal(c.rating, { rating: 4 });
    page.noErrors();
  },

  async "nobody is there: the hours are told"({ browser, fake }) {
    fake.hours = { open: false, opens_at: "2026-11-23T07:00:00Z" };
    const page = await start({ browser, fake });
    await at.person(page).click();
    await page.getByText(/Our team is away. Back: Monday/).waitFor();
    // The conversation's own word on the hours is the same, and no place in a queue is promised.
    await page.waitForResponse((r) => r.request().method() === "GET" && /\/v1\/conversations\/[^/]+$/.test(r.url()), { timeout: 1000 }).catch(() => {});
    ok(await page.getByText(/Our team is away. Back: Monday/).isVisible(), "the hours are gone again");
    equal(await page.getByText(/in the queue/).count(), 0, "places in a queue");
    page.noErrors();
  },

  async "a stream that breaks off goes on without a word twice"({ browser, fake }) {
    const page = await start({ browser, fake });
    fake.breakAfter = 2;
    const before = fake.received;
    await ask(page, "How long?");
    equal(fake.received - before, 2, "requests");
    equal(await page.locator("atbilde-widget .message.assistant").count(), 1, "answers");
    equal(await page.locator("atbilde-widget .message.assistant .sentence").count(), 3, "sentences");
    equal(await page.locator("atbilde-widget .message.customer").count(), 1, "questions");
    page.noErrors();
  },

  async "a message that cannot be sent stays with a button to send it again"({ browser, fake }) {
    const page = await start({ browser, fake });
    await ask(page, "First");
    fake.refuse = 99;
    await at.input(page).fill("Second");
    await at.input(page).press("Enter");
    await at.log(page).getByText("Not sent").waitFor({ timeout: 15000 });
    fake.refuse = 0;
    await page.getByRole("button", { name: "Send again" }).click();
    await at.answers(page).nth(1).waitFor();
    equal(await page.locator("atbilde-widget .message.customer").count(), 2, "questions");
    page.noErrors();
  },

  async "what was said while the line was cut comes afterwards, once"({ browser, fake }) {
    const page = await start({ browser, fake });
    await at.person(page).click();
    await page.getByText("Ticket T-7Q2M9K4XBD").waitFor();
    const c = fake.last;
    fake.take(c);
    fake.say(c, "One");
    await page.locator("atbilde-widget .message.agent").getByText("One").waitFor();
    fake.cut(c);
    fake.say(c, "Two");
    await page.locator("atbilde-widget .message.agent").getByText("Two").waitFor({ timeout: 15000 });
    fake.say(c, "Three");
    await page.locator("atbilde-widget .message.agent").getByText("Three").waitFor();
    equal(await page.locator("atbilde-widget .message.agent").count(), 3, "messages");
    page.noErrors();
  },

  async "the history is there after a reload, and a second tab keeps step"({ browser, fake }) {
    const page = await start({ browser, fake });
    equal(await page.evaluate(() => sessionStorage.length + localStorage.length + document.cookie.length), 0, "stored before the first message");
    await ask(page, "First");
    await page.reload();
    await at.panel(page).waitFor();
    await at.answers(page).first().waitFor();
    equal(await page.locator("atbilde-widget .message").count(), 2, "messages after a reload");
    const other = await page.context().newPage();
    await other.goto(fake.url);
    await openWidget(other);
    await at.answers(other).first().waitFor();
    await ask(page, "Second");
    await other.locator("atbilde-widget .message.customer").getByText("Second").waitFor();
    await at.answers(other).nth(1).waitFor();
    equal(await at.messages(other).count(), 4, "messages in the other tab");
    const streams = fake.last.streams.size;
    equal(streams, 1, "streams of two tabs");
    page.noErrors();
  },

  async "the conversation can be kept as a file and deleted, with a receipt"({ browser, fake }) {
    const page = await start({ browser, fake });
    await ask(page, "First");
    await at.menu(page).click();
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download the conversation" }).click()]);
    equal(file.suggestedFilename(), "conversation.html");
    await at.menu(page).click();
    await page.getByRole("button", { name: "Delete the conversation" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.locator("atbilde-widget .cards").getByText("The conversation was deleted.").waitFor();
    equal(await at.messages(page).count(), 0, "messages");
    equal(await page.evaluate(() => sessionStorage.length), 0, "stored");
    equal(fake.conversations.has(fake.last.id), false);
    page.noErrors();
  },

  async "the customer decides with the keyboard what becomes of their words, and sees later what holds"({ browser, fake }) {
    const page = await start({ browser, fake });
    const only = page.getByRole("checkbox", { name: "Use my messages only to answer me" });
    const people = page.getByRole("checkbox", { name: "Answers from people only" });
    await at.menu(page).focus();
    await page.keyboard.press("Enter");
    await only.waitFor();
    equal(await only.isChecked(), false);
    // The focus goes into the menu, and stays at the box although the menu is drawn anew.
    const ticked = (id, checked) =>
      page.waitForFunction(([id, checked]) => {
        const active = document.querySelector("atbilde-widget").shadowRoot.activeElement;
        return active?.id === id && active.checked === checked;
      }, [id, checked]);
    await ticked("only_answer", false);
    // Before anything was said: the decision begins the conversation.
    const posted = () => page.waitForResponse((r) => r.url().endsWith("/consent") && r.ok());
    await Promise.all([posted(), page.keyboard.press("Space")]);
    await page.locator("atbilde-widget").getByText("Saved", { exact: true }).waitFor({ state: "attached" });
    equal(fake.last.objections, { opt_out: true, automated_answers: true });
    await ticked("only_answer", true);
    await page.keyboard.press("Tab");
    await ticked("people_only", false);
    await Promise.all([posted(), page.keyboard.press("Space")]);
    await ticked("people_only", true);
    equal(fake.last.objections, { opt_out: true, automated_answers: false });
    await page.reload();
    await at.panel(page).waitFor();
    await at.menu(page).click();
    await only.waitFor();
    ok((await only.isChecked()) && (await people.isChecked()), "what was decided is not shown");
    await Promise.all([posted(), only.uncheck()]);
    equal(fake.last.objections, { opt_out: false, automated_answers: false });
    // What cannot be recorded is not shown as if it were.
    fake.away = true;
    await people.click();
    await page.locator("atbilde-widget .card.wrong").waitFor();
    fake.away = false;
    await at.menu(page).click();
    ok(await people.isChecked(), "a decision that was not recorded is shown");
  },

  async "a conversation that no longer exists makes room for a new one"({ browser, fake }) {
    const page = await start({ browser, fake });
    await ask(page, "First");
    fake.conversations.delete(fake.last.id);
    await at.input(page).fill("Second");
    await at.input(page).press("Enter");
    await at.log(page).getByText("This conversation no longer exists").waitFor();
    await page.getByRole("button", { name: "Send again" }).click();
    await at.answers(page).nth(1).waitFor();
    page.noErrors();
  },

  async "everything works with the keyboard alone"({ browser, fake }) {
    const page = await visit(browser, fake.url);
    await at.launcher(page).waitFor();
    const focused = () => page.evaluate(() => {
      const inner = document.activeElement.shadowRoot?.activeElement;
      return inner ? inner.id || inner.className : document.activeElement.tagName;
    });
    for (let i = 0; i < 60 && (await focused()) !== "launcher"; i++) await page.keyboard.press("Tab");
    equal(await at.launcher(page).getAttribute("aria-expanded"), "false");
    await page.keyboard.press("Enter");
    await at.panel(page).waitFor();
    equal(await focused(), "input");
    await page.keyboard.type("How long does a refund take?");
    await page.keyboard.press("Enter");
    await at.answers(page).first().waitFor();
    equal(await focused(), "input", "focus after sending");
    for (let i = 0; i < 20 && (await focused()) !== "chip"; i++) await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await at.reader(page).waitFor();
    equal(await focused(), "reader-title");
    await page.keyboard.press("Escape");
    ok((await focused()) === "chip", "focus goes back to the chip");
    for (let i = 0; i < 30 && (await focused()) !== "person"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.getByText("Ticket T-7Q2M9K4XBD").waitFor();
    await page.keyboard.press("Escape");
    await at.panel(page).waitFor({ state: "hidden" });
    equal(await focused(), "launcher", "focus after closing");
    page.noErrors();
  },

  async "at 320 pixels nothing is cut off, targets are large enough and the focus stays in"({ browser, fake }) {
    fake.sentences.push({ text: `${"Donaudampfschifffahrtsgesellschaft".repeat(6)}.pdf is a long name.`, citations: [1] });
    const page = await start({ browser, fake }, { viewport: { width: 320, height: 568 } });
    await ask(page, "x".repeat(400));
    fake.sentences.pop();
    const wide = await page.evaluate(() => {
      const root = document.querySelector("atbilde-widget").shadowRoot;
      const all = [...root.querySelectorAll("*")].filter((e) => e.getClientRects().length && !e.closest(".hidden, svg"));
      return {
        page: document.documentElement.scrollWidth,
        over: all.filter((e) => e.getBoundingClientRect().right > 321 && !e.closest(".article .table")).map((e) => e.className),
        small: [...root.querySelectorAll("button, select, input, a")].filter((e) => e.getClientRects().length && !e.closest(".hidden")).filter((e) => e.getBoundingClientRect().height < 24 || e.getBoundingClientRect().width < 24).map((e) => e.className),
      };
    });
    equal(wide, { page: 320, over: [], small: [] });
    equal(await at.panel(page).getAttribute("aria-modal"), "true");
    for (let i = 0; i < 40; i++) await page.keyboard.press("Tab");
    equal(await page.evaluate(() => document.activeElement.localName), "atbilde-widget", "focus");
    page.noErrors();
  },

  async "words of customers, agents and articles never run"({ browser, fake }) {
    const attack = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> javascript:window.hacked=1 {name}`;
    const kept = fake.sentences;
    fake.sentences = [{ text: attack, citations: [1] }];
    const page = await start({ browser, fake });
    await ask(page, attack);
    await at.person(page).click();
    await page.getByText("Ticket T-7Q2M9K4XBD").waitFor();
    fake.take(fake.last, attack);
    fake.say(fake.last, attack, attack);
    await page.locator("atbilde-widget .message.agent").waitFor();
    await page.route("**/v1/articles/*", (route) => route.fulfill({
      json: { title: attack, locale: "en", url: "/kb/x", body: [["script", {}, ["window.hacked=1"]], ["img", { src: "x", onerror: "window.hacked=1" }, []], ["a", { href: "javascript:window.hacked=1", onclick: "window.hacked=1" }, ["click"]], ["p", { style: "color:red", onmouseover: "window.hacked=1" }, [attack]]] },
    }));
    await page.locator("atbilde-widget .message .chip").first().click();
    await at.reader(page).getByText("click").click();
    fake.sentences = kept;
    equal(await page.evaluate(() => window.hacked ?? null), null, "an attack ran");
    equal(await at.reader(page).locator(".article :is(script, img, [onclick], [style], a[href])").count(), 0, "elements");
    page.noErrors();
  },

  async "the page can lead it, and hears what happens"({ browser, fake }) {
    const page = await visit(browser, fake.url);
    await at.launcher(page).waitFor();
    await page.evaluate(() => {
      window.heard = [];
      for (const name of ["ready", "opened", "answered", "handed_off", "rated"]) window.Atbilde.on(name, () => window.heard.push(name));
      window.Atbilde.setUser("signed.token");
      window.Atbilde.ask("How long does a refund take?");
    });
    await at.answers(page).first().waitFor();
    await page.evaluate(() => window.Atbilde.setLocale("lv"));
    await page.locator("atbilde-widget .person").getByText("Runāt ar cilvēku").waitFor();
    equal(await at.answers(page).count(), 1, "answers after a change of language");
    await page.locator("atbilde-widget .person").click();
    await page.getByText("Pieteikums T-7Q2M9K4XBD").waitFor();
    await page.evaluate(() => window.Atbilde.close());
    await at.panel(page).waitFor({ state: "hidden" });
    fake.take(fake.last);
    fake.say(fake.last, "Sveiki");
    await page.locator("atbilde-widget .badge").getByText("1").waitFor();
    ok((await at.launcher(page).getAttribute("aria-label")).includes("1 jauna ziņa"), "unread messages are not said");
    equal(await page.evaluate(() => window.heard), ["ready", "opened", "answered", "handed_off"]);
    page.noErrors();
  },
};
