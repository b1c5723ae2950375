import { resolve } from "node:path";
import { timeScale } from "#clock.ts";
import { listen } from "#netlify/listen.ts";
import { withLocalStack } from "#netlify/local-stack.ts";
import { readNetlifyToml } from "#netlify/netlify-toml.ts";
import { startSchedule } from "#netlify/schedule.ts";
import { createSite } from "#netlify/site.ts";
import { childOfTheStack } from "#stack/child.ts";

/** The site as a process of its own, in the project's folder. Environment: PORT, INBOX_URL (optional). */
const site = createSite({ functionsDir: resolve("netlify/functions"), ...readNetlifyToml(process.cwd()) });

for (const { name, error } of await site.warmUp()) {
  console.error(
    `The function ${name} cannot be loaded: ${error instanceof Error ? error.stack : String(error)}`,
  );
}

const local = withLocalStack(site, { inboxUrl: process.env["INBOX_URL"] });
const { port, server } = await listen(local, Number(process.env["PORT"] ?? 8888));
const schedule = startSchedule(site, { scale: timeScale });
const child = childOfTheStack({
  stop() {
    schedule.stop();
    server.close();
  },
});
child.ready({ port });
