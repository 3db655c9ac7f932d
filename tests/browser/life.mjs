// A conversation's life against the real server: it is restarted in the middle, tabs keep step, the history
// comes back, and the customer takes it along or erases it; and nothing that anybody writes ever runs.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { agent, takeOver, waiting } from "./walk.mjs";
import { ask, at, equal, ok, openWidget, visit } from "./support.mjs";

/** What was said, in order, without times and buttons. */
const said = (page) => page.locator("atbilde-widget .message .words").allTextContents();

/** The customer's own words of the kept file, in order. */
async function exported(page) {
  await at.menu(page).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download the conversation" }).click()]);
  return readFileSync(await file.path(), "utf8");
}

const count = (text, part) => text.split(part).length - 1;

const ATTACK = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><svg onload=window.hacked=1> javascript:window.hacked=1 {{7*7}}`;
const untouched = async (page, where) => equal(await page.evaluate(() => window.hacked ?? null), null, `an attack ran: ${where}`);

export const tests = {
  async "a server that is restarted in the middle loses no message and doubles none"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    await ask(page, "How long does a refund take for a blue tent?");
    await program.halt();
    await at.input(page).fill("What does a return cost for red boots?");
    await at.input(page).press("Enter");
    await page.locator("atbilde-widget .notice").waitFor({ timeout: 20000 });
    await program.run(program.port);
    const again = page.getByRole("button", { name: "Send again" });
    // It may have gone out by itself, if the server was back in time.
    await Promise.race([again.waitFor({ timeout: 60000 }), at.answers(page).nth(1).waitFor({ timeout: 60000 })]);
    if (await again.isVisible()) await again.click();
    await at.answers(page).nth(1).waitFor({ timeout: 60000 });
    await page.locator("atbilde-widget .notice").waitFor({ state: "hidden", timeout: 60000 });
    equal(await page.locator("atbilde-widget .message.customer").count(), 2, "questions");
    const before = await said(page);
    await page.reload();
    await at.answers(page).nth(1).waitFor();
    equal(await said(page), before, "what was said, after a reload");
    const file = await exported(page);
    for (const author of ["customer", "assistant"]) equal(count(file, `<dt>${author},`), 2, `messages of the ${author} in the file`);
    page.noErrors();
  },

  async "a server that is restarted while an answer is being written answers once"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    await ask(page, "How long does a refund take?");
    await at.input(page).fill("How do I pack it?");
    await Promise.all([page.waitForRequest((r) => r.url().endsWith("/messages")), at.input(page).press("Enter")]);
    await program.restart();
    const again = page.getByRole("button", { name: "Send again" });
    await Promise.race([again.waitFor({ timeout: 60000 }), at.answers(page).nth(1).waitFor({ timeout: 60000 })]);
    if (await again.isVisible()) await again.click();
    await at.answers(page).nth(1).waitFor({ timeout: 60000 });
    const before = await said(page);
    equal(before.length, 4, "messages");
    await page.reload();
    await at.answers(page).nth(1).waitFor();
    equal(await said(page), before, "what was said, after a reload");
    page.noErrors();
  },

  async "three tabs show the same, whoever writes, and forget together"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    await ask(page, "How long does a refund take?");
    const tabs = [page];
    for (let i = 0; i < 2; i++) {
      const tab = await page.context().newPage();
      await tab.goto(program.url);
      await openWidget(tab);
      await at.answers(tab).first().waitFor();
      tabs.push(tab);
    }
    await ask(tabs[1], "What does a return cost?");
    await at.person(tabs[2]).click();
    const ticket = /T-[0-9A-Z]{10}/.exec(await page.locator("atbilde-widget .ticket").textContent())[0];
    const inside = await agent(browser, program);
    await inside.locator("[data-rows] a", { hasText: ticket }).click();
    await takeOver(inside);
    await inside.locator("textarea[name=text]").fill("Good day from the workshop.");
    await inside.getByRole("button", { name: "Send" }).click();
    for (const tab of tabs) {
      await tab.locator("atbilde-widget .message.agent").getByText("Good day from the workshop.").waitFor();
      await tab.locator("atbilde-widget .subtitle").getByText("Anna Ozola").waitFor();
    }
    const [one, two, three] = await Promise.all(tabs.map(said));
    equal(two, one, "the second tab");
    equal(three, one, "the third tab");
    await at.menu(page).click();
    await page.getByRole("button", { name: "Delete the conversation" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.locator("atbilde-widget .cards").getByText("The conversation was deleted.").waitFor();
    for (const tab of tabs) {
      await at.messages(tab).first().waitFor({ state: "detached" });
      equal(await tab.evaluate(() => Object.keys(sessionStorage).length + Object.keys(localStorage).length), 0, "stored");
      tab.noErrors?.();
    }
  },

  async "the customer takes the conversation along and erases it"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    await ask(page, "How long does a refund take? Write to liga@example.com");
    const session = await page.evaluate(() => JSON.parse(Object.values(sessionStorage)[0]));
    const file = await exported(page);
    ok(file.includes("How long does a refund take?") && file.includes("5 working days"), "the file lacks what was said");
    ok(!/<script/i.test(file), "a script in the file");
    await at.menu(page).click();
    await page.getByRole("button", { name: "Delete the conversation" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const [receipt] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download the receipt" }).click()]);
    const signed = JSON.parse(readFileSync(await receipt.path(), "utf8"));
    ok(JSON.stringify(signed).includes("signature"), "the receipt is not signed");
    const answer = await fetch(`${program.url}/v1/conversations/${session.id}`, { headers: { Authorization: `Bearer ${session.token}` } });
    ok(answer.status === 404 || answer.status === 401, `the conversation still opens: ${answer.status}`);
    await page.reload();
    await at.launcher(page).click();
    equal(await at.messages(page).count(), 0, "messages after a reload");
    page.noErrors();
  },

  async "nothing runs that customers, agents, names, articles or pages contain"({ browser, program }) {
    const made = spawnSync(process.env.ATBILDE_PROGRAM, ["user", "add", "mallory", "--name", ATTACK.slice(0, 60), "--role", "agent", "--data", join(program.folder, "data")], { input: "correct horse battery staple\n", encoding: "utf8" });
    ok(made.status === 0 || /already|taken/i.test(made.stderr), made.stderr);
    const context = { viewport: { width: 1400, height: 900 } };
    const page = await visit(browser, `${program.url}/#${new URLSearchParams({ x: ATTACK })}`, context);
    await page.evaluate((words) => (document.title = words), ATTACK);
    await openWidget(page);
    await ask(page, `${ATTACK} zyxqhostile`);
    await untouched(page, "the question, in the widget");
    for (const chip of await page.locator("atbilde-widget .message .chip").all()) {
      await chip.click();
      await at.reader(page).locator(".article > *").first().waitFor();
      await untouched(page, "the article, in the widget");
      await page.keyboard.press("Escape");
      break;
    }
    await at.person(page).click().catch(() => {});
    const { ticket, token, id } = await waiting(program, [ATTACK]);
    const inside = await visit(browser, `${program.url}/login`, context);
    await inside.locator("#login").fill("mallory");
    await inside.locator("#password").fill("correct horse battery staple");
    await inside.locator("form .send").click();
    await inside.waitForURL("**/inbox");
    await inside.locator("[data-rows] a", { hasText: ticket }).click();
    await takeOver(inside);
    await inside.locator("textarea[name=text]").fill(ATTACK);
    await inside.getByRole("button", { name: "Send" }).click();
    await inside.locator(".said.agent").waitFor();
    await inside.getByLabel("Internal note").check();
    await inside.locator("textarea[name=text]").fill(ATTACK);
    await inside.getByRole("button", { name: "Keep note" }).click();
    await inside.locator(".said.note").waitFor();
    await untouched(inside, "the inbox");
    equal(await inside.locator("main :is(script, img[onerror], svg[onload])").count(), 0, "elements of an attack in the inbox");
    // The same conversation in the customer's widget: the agent's name and words.
    await page.evaluate(([name, session]) => sessionStorage.setItem(name, session), ["atbilde:shop", JSON.stringify({ id, token, open: true })]);
    await page.reload();
    await page.locator("atbilde-widget .message.agent").waitFor();
    await untouched(page, "the agent's name and message, in the widget");
    equal(await page.evaluate(() => document.querySelector("atbilde-widget").shadowRoot.querySelectorAll("script, img, [onerror], [onload]").length), 0, "elements of an attack in the widget");
    for (const path of ["/dashboard", "/inbox", `/kb?q=${encodeURIComponent(ATTACK)}`, "/kb/hostile", `/kb/${encodeURIComponent(ATTACK)}`]) {
      await inside.goto(program.url + path);
      await inside.waitForLoadState("domcontentloaded");
      await untouched(inside, path);
    }
    await inside.goto(`${program.url}/playground`);
    await inside.locator("#question").fill(`${ATTACK} zyxqhostile`);
    await inside.getByRole("button", { name: "Look into it" }).click();
    await inside.locator(".explained .tile").first().waitFor();
    await untouched(inside, "the playground");
    const file = await fetch(`${program.url}/v1/conversations/${id}/export?format=html`, { headers: { Authorization: `Bearer ${token}` } });
    const kept = await visit(browser, "about:blank", context);
    await kept.setContent(await file.text());
    await untouched(kept, "the file that a customer keeps");
  },
};
