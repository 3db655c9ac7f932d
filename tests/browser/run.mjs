// Runs the browser tests: `node run.mjs [part of a name]`. Wants ATBILDE_PROGRAM (the built program) and
// ATBILDE_NODE (a folder with node_modules); `make test-browser` sets both.

import { Fake } from "./fake.mjs";
import { Program, browser as launch } from "./support.mjs";

const SUITES = ["widget", "states", "hostile", "pages", "story", "life"];
const LIMIT_MS = 240000;

const wanted = process.argv[2] ?? "";
const program = await Program.start();
const browser = await launch();
let failed = 0;
let passed = 0;
for (const suite of SUITES) {
  const { tests } = await import(`./${suite}.mjs`);
  for (const [name, test] of Object.entries(tests)) {
    if (!`${suite}: ${name}`.includes(wanted)) continue;
    const fake = new Fake(program.url);
    await fake.start();
    let timer;
    const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("it took too long")), LIMIT_MS)));
    try {
      await Promise.race([test({ browser, fake, program }), late]);
      passed += 1;
      console.log(`ok      ${suite}: ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${suite}: ${name}\n        ${String(error.stack ?? error).split("\n").slice(0, 8).join("\n        ")}`);
    } finally {
      clearTimeout(timer);
      for (const context of browser.contexts()) await context.close();
      await fake.stop();
    }
  }
}
await browser.close();
await program.stop();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
