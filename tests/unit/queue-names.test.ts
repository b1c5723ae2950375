import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { queueJob } from "#events.ts";
import { allFunctions } from "#functions.ts";
import { readEnv } from "#lib/env.ts";
import { createPlatform } from "#platform.ts";
import { QUEUE_NAMES } from "#queue-names.ts";
import { rooms } from "#rooms.ts";

const env = readEnv({
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_SECRET_KEY: "sb_secret_none",
  INNGEST_DEV: "1",
  LOG_LEVEL: "silent",
  URL: "https://app.example",
  SITEMAP_PATHS: "/",
  GITHUB_REPOSITORIES: "ada/engine",
});

/** Each event that starts a function, and each schedule, of the whole product. */
function known() {
  const schedules = rooms.flatMap((room) => room.schedules?.(env) ?? []);
  const platform = createPlatform(
    env,
    {},
    { visibleFields: {}, facts: [], schedules, eventSchemas: new Map() },
  );
  return {
    functions: allFunctions(platform).map((fn) => ({
      id: fn.id(),
      triggers: JSON.stringify(fn.opts.triggers),
    })),
    events: JSON.stringify(allFunctions(platform).map(({ opts }) => opts.triggers)),
    schedules: schedules.map(({ name }) => name),
  };
}

test("S4-82: each queue name of the documents is an event or a schedule of the product, by one table", () => {
  const { events, schedules } = known();
  const glossary = readFileSync(join(import.meta.dirname, "../../docs/glossary.md"), "utf8");
  for (const name of ["webhook.stripe", "email.send-campaign", "report.generate", "cleanup.expired-sessions"])
    expect(Object.keys(QUEUE_NAMES)).toContain(name);
  for (const [name, meaning] of Object.entries(QUEUE_NAMES)) {
    const line = glossary.split("\n").find((one) => one.includes(`\`${name}\``));
    if ("event" in meaning) {
      expect(events).toContain(`"${meaning.event}"`);
      expect(line).toContain(`the event \`${meaning.event}\``);
    } else {
      expect(schedules).toContain(meaning.schedule);
      expect(line).toContain(`the schedule \`${meaning.schedule}\``);
    }
  }
});

test("S4-82: app code may name the queue as the documents do, or the event", () => {
  const event = { name: "email/send.campaign", data: { campaignId: "1", priority: 2 } };
  expect(queueJob("email.send-campaign", { campaignId: "1" }, "high")).toEqual(event);
  expect(queueJob("email/send.campaign", { campaignId: "1" }, "high")).toEqual(event);
  expect(queueJob("report.generate", {})).toEqual({ name: "report/generate", data: { priority: 3 } });
});

test("S4-62: the five candidates of docs/rollout.md have moved: each is an event with its function, or a schedule", () => {
  const { functions, schedules } = known();
  const guide = readFileSync(join(import.meta.dirname, "../../docs/rollout.md"), "utf8");
  const candidates = [...guide.matchAll(/^\| `([a-z]+\.\w+)` \|[^|]+\| (.+) \|$/gm)].map(
    ([, name = "", here = ""]) => {
      const [, event, functionId, schedule] = /^`(.+)` → `(.+)`$|^the schedule `(.+)`$/.exec(here) ?? [];
      return { name, event, functionId, schedule };
    },
  );
  expect(candidates.map(({ name }) => name)).toEqual([
    "email.sendNewsletter",
    "report.generate",
    "import.processFile",
    "webhook.processPayment",
    "cleanup.expiredSessions",
  ]);
  for (const { name, event, functionId, schedule } of candidates) {
    expect(QUEUE_NAMES[name]).toEqual(event === undefined ? { schedule } : { event });
    if (event === undefined) expect(schedules).toContain(schedule);
    else expect(functions.find(({ id }) => id === functionId)?.triggers).toContain(`"${event}"`);
  }
});
