// The whole story against the real server: a customer in one window, an agent in another.

import { ask, at, equal, ok, openWidget, violations, visit } from "./support.mjs";
import { agent, takeOver } from "./walk.mjs";

export const tests = {
  async "ask, read, rate, call a person, be answered, rate, reload"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    ok((await page.locator("atbilde-widget .disclosure").textContent()).includes("AI assistant of Ozols Outdoor"), "no disclosure");
    await ask(page, "How long does a refund take?");
    ok((await at.answers(page).first().textContent()).includes("5 working days"), "not the answer");
    await page.locator("atbilde-widget .message .chip").first().click();
    await at.reader(page).locator("mark").first().waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Yes, helpful" }).click();
    await at.log(page).getByText("Thank you").waitFor();
    await ask(page, "And to Finland, what does it cost?");
    await at.person(page).click();
    await page.locator("atbilde-widget .ticket").waitFor();
    const ticket = /T-[0-9A-Z]{10}/.exec(await page.locator("atbilde-widget .ticket").textContent())[0];

    const desk = await agent(browser, program);
    await desk.locator("[data-rows] a", { hasText: ticket }).click();
    await takeOver(desk);
    await page.locator("atbilde-widget .subtitle").getByText("Anna Ozola").waitFor();
    await desk.locator("textarea[name=text]").fill("Hello! Finland costs €4.90.");
    await desk.getByRole("button", { name: "Send" }).click();
    await page.locator("atbilde-widget .message.agent").getByText("Finland costs").waitFor();
    await at.input(page).fill("Thank you, that helps");
    await at.input(page).press("Enter");
    await page.locator("atbilde-widget .message.customer.done").getByText("Thank you, that helps").waitFor();
    await desk.locator("[data-lines]").getByText("Thank you, that helps").waitFor();

    await program.restart();
    await at.input(page).fill("Are you still there?");
    await at.input(page).press("Enter");
    await page.locator("atbilde-widget .message.customer.done").getByText("Are you still there?").waitFor({ timeout: 30000 });

    await desk.reload();
    await desk.locator("[data-rows] a", { hasText: ticket }).click();
    await desk.locator("[data-actions]").getByRole("button", { name: "Resolve" }).click();
    await page.getByText("How was this conversation?").waitFor({ timeout: 40000 });
    await page.locator("atbilde-widget .stars label").nth(4).click();
    await page.getByRole("button", { name: "Send rating" }).click();
    await page.locator("atbilde-widget .cards").getByText("Thank you for your rating.").waitFor();
    const before = await at.messages(page).allTextContents();
    await page.reload();
    await at.panel(page).waitFor();
    await page.locator("atbilde-widget .message.agent").waitFor();
    equal((await at.messages(page).allTextContents()).length, before.length, "messages after a reload");
    ok(ticket.length === 12, "a ticket");
    page.noErrors();
  },

  async "a question that the articles do not answer is handed over, once"({ browser, program }) {
    const page = await visit(browser, program.url);
    await openWidget(page);
    await at.input(page).fill("Let me talk to a human please");
    await at.input(page).press("Enter");
    await page.locator("atbilde-widget .message.over").waitFor();
    await page.locator("atbilde-widget .card.waiting .ticket").waitFor();
    equal(await page.locator("atbilde-widget .message.assistant").count(), 1, "hand-overs");
    equal(await violations(page), []);
    page.noErrors();
  },
};
