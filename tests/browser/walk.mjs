// One way through every state that the widget and the pages can be in. Tests and screenshots go the same
// way, so that a state that one of them knows is looked at by all.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { ask, at, ok, openWidget, visit } from "./support.mjs";

/** Public pages. */
export const PATHS = ["/", "/kb", "/kb/returns", "/kb?q=refund&lang=en", "/kb?q=zzzz&lang=en", "/kb/lv/returns", "/playground", "/docs", "/kb/nothing", "/login"];

/**
 * Leads the widget through its states; `look` is called in each with its name.
 * @param {any} page a page of the fake @param {import("./fake.mjs").Fake} fake @param {(name: string) => Promise<void>} look
 */
export async function widget(page, fake, look) {
  const chip = () => page.locator("atbilde-widget .message .chip").first();
  await at.launcher(page).waitFor();
  await look("closed");
  await openWidget(page);
  await look("open");

  fake.holdAt = 0;
  await at.input(page).fill("How long does a refund take?");
  await at.input(page).press("Enter");
  await page.getByText("1 question is ahead of yours").waitFor();
  await look("queued");
  fake.holdAt = 1;
  fake.go();
  await page.locator("atbilde-widget .message.streaming .sentence").waitFor();
  await look("streaming");
  fake.go();
  await at.answers(page).first().waitFor();
  await look("answered");
  await chip().click();
  await at.reader(page).locator("mark").first().waitFor();
  await look("article");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Yes, helpful" }).click();
  await at.log(page).getByText("Thank you").waitFor();
  await look("helpful");

  fake.confidence = 0.6;
  await ask(page, `Is that so for ${"Donaudampfschifffahrtsgesellschaft".repeat(3)}-2026-11-22.pdf too?`);
  fake.confidence = 0.93;
  await look("unsure");
  await at.menu(page).click();
  await look("menu");
  await page.keyboard.press("Escape");
  fake.refuse = 99;
  await at.input(page).fill("And to Finland?");
  await at.input(page).press("Enter");
  await at.log(page).getByText("Not sent").waitFor({ timeout: 15000 });
  fake.refuse = 0;
  await look("not-sent");
  fake.away = true;
  fake.cut(fake.last);
  await page.locator("atbilde-widget .notice").waitFor();
  await look("offline");
  fake.away = false;
  await page.getByRole("button", { name: "Try now" }).click();
  await page.locator("atbilde-widget .notice").waitFor({ state: "hidden" });

  await at.person(page).click();
  await page.getByText("Ticket T-7Q2M9K4XBD").waitFor();
  await at.log(page).getByText("Number 2 in the queue").waitFor();
  await look("waiting");
  await page.getByLabel("E-mail address").fill("liga");
  await page.getByRole("button", { name: "Leave the address" }).click();
  await page.getByText("Please enter an address").waitFor();
  await look("wrong-address");
  fake.take(fake.last);
  fake.say(fake.last, "Hello, this is Anna. I have your parcel on my screen: it reached Salaspils this morning, and the money is on its way. See https://shop.example/orders/4711");
  fake.typing(fake.last);
  await page.locator("atbilde-widget .message.agent").waitFor();
  await at.log(page).getByText("Anna Ozola is typing").waitFor();
  await look("agent");
  fake.setState(fake.last, "resolved");
  await page.getByText("How was this conversation?").waitFor();
  await look("ended");
  await page.locator("atbilde-widget .stars label").nth(3).click();
  await look("rating");
  await page.getByRole("button", { name: "Send rating" }).click();
  await page.locator("atbilde-widget .cards").getByText("Thank you for your rating.").waitFor();
  await look("rated");
  await at.menu(page).click();
  await page.getByRole("button", { name: "Delete the conversation" }).click();
  await look("deleting");
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.locator("atbilde-widget .cards").getByText("The conversation was deleted.").waitFor();
  await look("deleted");

  fake.hours = { open: false, opens_at: "2026-11-23T07:00:00Z" };
  await at.person(page).click();
  await page.getByText(/Our team is away. Back:/).waitFor();
  await look("away");
  fake.hours = { open: true };
}

/** Makes an account and logs it in. */
export async function agent(browser, program, options = {}) {
  const made = spawnSync(process.env.ATBILDE_PROGRAM, ["user", "add", "anna", "--name", "Anna Ozola", "--role", "admin", "--data", join(program.folder, "data")], { input: "correct horse battery staple\n", encoding: "utf8" });
  ok(made.status === 0 || /already|taken/i.test(made.stderr), `atbilde user add: ${made.stderr}`);
  const page = await visit(browser, `${program.url}/login`, options);
  await page.locator("#login").fill("anna");
  await page.locator("#password").fill("correct horse battery staple");
  await page.locator("form .send").click();
  await page.waitForURL("**/inbox");
  return page;
}

/** A conversation of a customer who asked `words` and then for a person; its id, token and ticket. */
export async function waiting(program, words, locale = "en") {
  const call = async (method, path, body, token) => {
    const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(program.url + path, { method, headers, body: body && JSON.stringify(body) });
    ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  const { conversation_id: id, token } = await call("POST", "/v1/conversations", { locale, site: "shop", page: "https://shop.example/tents" });
  for (const text of words) await call("POST", `/v1/conversations/${id}/messages`, { text }, token);
  const { ticket } = await call("POST", `/v1/conversations/${id}/handoff`, {}, token);
  return { id, token, ticket };
}

/** Takes over the conversation that is open; words typed before it is done would be a note. */
export async function takeOver(page) {
  await page.getByRole("button", { name: /Take over/ }).click();
  await page.locator("input[name=kind][value=reply]:enabled:checked").waitFor({ state: "attached" });
}

/**
 * Leads the agents' pages through their states.
 * @param {any} page logged in, at the inbox @param {{ url: string }} program @param {(name: string) => Promise<void>} look
 */
export async function desk(page, program, look) {
  await page.locator("[data-live].on").waitFor();
  await page.locator("[data-rows] > li").first().waitFor();
  await look("inbox-list");
  const first = await waiting(program, ["How long does a refund take?", "My parcel 4711 came back to you on Monday, write to liga@example.com"]);
  await waiting(program, ["Cik ilgi jāgaida nauda par atgriezto preci?"], "lv");
  const row = page.locator("[data-rows] a", { hasText: first.ticket });
  await row.click();
  await page.getByRole("button", { name: /Take over/ }).waitFor();
  await look("inbox-waiting");
  await takeOver(page);
  await page.locator("textarea[name=text]").fill("Hello Līga, your parcel is here. The money is on its way.");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".said.agent").waitFor();
  await look("inbox-reply");
  await page.getByLabel("Internal note").check();
  await page.locator("textarea[name=text]").fill("Warehouse confirmed it.");
  await look("inbox-note");
  await page.locator("textarea[name=text]").fill("");
  await page.keyboard.press("Escape");
  await page.locator("[data-title]").click();
  await page.keyboard.press("?");
  await page.locator("dialog[open]").waitFor();
  await look("inbox-keys");
  await page.keyboard.press("Escape");
  await page.goto(`${program.url}/dashboard`);
  await look("dashboard");
}
