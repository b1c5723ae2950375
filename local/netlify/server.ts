import { join, resolve } from "node:path";
import { timeScale } from "#clock.ts";
import { listen } from "#netlify/listen.ts";
import { withLocalStack } from "#netlify/local-stack.ts";
import { readNetlifyToml } from "#netlify/netlify-toml.ts";
import { startSchedule } from "#netlify/schedule.ts";
import { createSite } from "#netlify/site.ts";
import { childOfTheStack } from "#stack/child.ts";

/**
 * The site as its own process, started in the project's folder. Argument: the folder of the compiled site; without it,
 * the source of the functions is loaded. Environment: PORT; optional: INBOX_URL, STACK_IS_WHOLE.
 */
let end: () => void | Promise<void> = () => {};
const child = childOfTheStack({ stop: () => end() });
const compiled = process.argv[2];
const functions =
  compiled === undefined
    ? { functionsDir: resolve("netlify/functions") }
    : { functionsDir: join(compiled, "source"), compiledDir: join(compiled, "functions") };
const site = createSite({ ...functions, ...readNetlifyToml(process.cwd()) });

const failed = await site.warmUp();
for (const { name, error } of failed) {
  console.error(
    `The function ${name} cannot be loaded: ${error instanceof Error ? error.stack : String(error)}`,
  );
}
// When the new code does not load, the old process continues.
if (failed.length > 0 && child.takesOver) process.exit(1);
await child.mayListen();

const local = withLocalStack(site, {
  inboxUrl: process.env["INBOX_URL"],
  isWhole: process.env["STACK_IS_WHOLE"] === "true",
});
const { port, close } = await listen(local, Number(process.env["PORT"] ?? 8888));
const schedule = startSchedule(site, { scale: timeScale });
end = async () => {
  schedule.stop();
  await close();
  await site.idle();
};
child.ready({ port });
