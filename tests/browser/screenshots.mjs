// Makes docs/screenshots: every page and every state, light and dark, on a desktop and on a phone.
// `make screenshots` runs it. WebP, made by the browser itself; README.md beside them shows them all.

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Fake } from "./fake.mjs";
import { at, browser as launch, here, Program, visit } from "./support.mjs";
import { agent, desk, widget } from "./walk.mjs";

const ROOT = join(here, "..", "..");
const OUT = join(ROOT, "docs", "screenshots");
const MOST_BYTES = 4 * 1000 * 1000;
/** Address, name, and what is done there first. */
const PAGES = [
  ["/", "shop"],
  ["/kb", "articles"],
  ["/kb?q=refund&lang=en", "search"],
  ["/kb?q=zzzz&lang=en", "search-nothing"],
  ["/kb/delivery-times", "article-page"],
  ["/kb/de/delivery-times", "article-page-de"],
  ["/kb/nothing-here", "not-found"],
  ["/playground", "playground", async (page) => {
    await page.locator("#question").fill("How much is courier delivery to Finland?");
    await page.locator("[data-send]").click();
    await page.locator(".explained .tile").first().waitFor();
  }],
  ["/docs", "api"],
  ["/login", "login"],
];
const DEVICES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 390, height: 780 } },
};

const browser = await launch();
const pencil = await browser.newPage();

/** A PNG as WebP. */
async function webp(png) {
  const found = await pencil.evaluate(async (text) => {
    const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${text}`)).blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.62 });
    return new Promise((done) => {
      const reader = new FileReader();
      reader.onload = () => done(reader.result.split(",")[1]);
      reader.readAsDataURL(blob);
    });
  }, png.toString("base64"));
  return Buffer.from(found, "base64");
}

const shown = new Map();
async function keep(page, group, name, way, clip) {
  const file = `${group}-${name}-${way}.webp`;
  writeFileSync(join(OUT, file), await webp(await page.screenshot({ clip })));
  shown.set(`${group}-${name}`, [...(shown.get(`${group}-${name}`) ?? []), way]);
}

/** Of the widget on a desktop only its surroundings. */
async function around(page) {
  const panel = at.panel(page);
  const box = await ((await panel.isVisible()) ? panel : at.launcher(page)).boundingBox();
  const { width, height } = page.viewportSize();
  const left = Math.max(0, box.x - 60);
  const top = Math.max(0, box.y - 40);
  return { x: left, y: top, width: width - left, height: height - top };
}

const ways = Object.keys(DEVICES).flatMap((device) => ["light", "dark"].map((theme) => [device, theme]));
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

let program = await Program.start();
for (const [device, colorScheme] of ways) {
  const options = { colorScheme, ...DEVICES[device] };
  const fake = new Fake(program.url);
  await fake.start();
  const page = await visit(browser, fake.url, options);
  await widget(page, fake, async (state) => keep(page, "widget", state, `${device}-${colorScheme}`, device === "desktop" && state !== "closed" ? await around(page) : undefined));
  await page.context().close();
  await fake.stop();
  const inside = await agent(browser, program, options);
  await desk(inside, program, (state) => keep(inside, "team", state, `${device}-${colorScheme}`));
  await inside.context().close();
}
await program.stop();

program = await Program.start("", { kb: join(ROOT, "kb"), config: join(ROOT, "config", "demo.toml") });
for (const [device, colorScheme] of ways) {
  for (const [path, name, act] of PAGES) {
    const page = await visit(browser, program.url + path, { colorScheme, ...DEVICES[device] });
    await page.waitForLoadState("networkidle");
    await act?.(page);
    await keep(page, "page", name, `${device}-${colorScheme}`);
    await page.context().close();
  }
}
await program.stop();
await browser.close();

const lines = ["# Every page and state", "", "Made by `make screenshots`; light and dark, on a desktop and on a phone.", ""];
for (const [name, taken] of shown) {
  lines.push(`## ${name.replaceAll("-", " ")}`, "", taken.map((way) => `<img src="${name}-${way}.webp" alt="${name.replaceAll("-", " ")}, ${way.replace("-", ", ")}" height="320">`).join(" "), "");
}
writeFileSync(join(OUT, "README.md"), lines.join("\n"));
const bytes = readdirSync(OUT).reduce((sum, file) => sum + statSync(join(OUT, file)).size, 0);
console.log(`${readdirSync(OUT).length - 1} screenshots, ${(bytes / 1e6).toFixed(2)} MB`);
process.exit(bytes > MOST_BYTES ? 1 : 0);
