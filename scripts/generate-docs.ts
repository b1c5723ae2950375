/**
 * `npm run docs:generate` writes the README's table of functions from the functions themselves. With `--check` it
 * writes nothing, and exits with 1 when the table is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { InngestFunction } from "inngest";
import { z } from "zod";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { policyOf, RETRY_POLICIES } from "#lib/engine/retry-policy.ts";
import { readEnv } from "#lib/env.ts";

const file = join(process.cwd(), "README.md");
const TABLE = /(?<=\n\| Event \| Function \| At once \| Retries \|\n\|---\|---\|---\|---\|\n)(\|.*\n)*/;

/** This script calls no service, so the addresses of the services need not exist. */
const env = readEnv({
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_SECRET_KEY: "sb_secret_none",
  INNGEST_DEV: "1",
  PLAN: "pro",
  LOG_LEVEL: "silent",
});

const named = z.union([z.string(), z.object({ name: z.string() })]);
const triggers = z.array(z.union([z.object({ cron: z.string() }), z.object({ event: named })]));

/** The time zone of a cron is left out, because an installation can change the zone by a setting. */
function triggersOf({ opts }: InngestFunction.Any): string {
  const names = triggers.parse(opts.triggers).map((trigger) => {
    if ("cron" in trigger) return trigger.cron.replace(/^TZ=\S+ /, "");
    return typeof trigger.event === "object" ? trigger.event.name : trigger.event;
  });
  return names.map((name) => `\`${name}\``).join(", ");
}

/** The table shows only the first of several limits. The first limit is the one for all keys together. */
function atOnce({ opts }: InngestFunction.Any): string {
  const [limit] = [opts.concurrency ?? []].flat();
  if (limit === undefined) return "–";
  if (typeof limit === "number") return String(limit);
  return limit.key === undefined ? String(limit.limit) : `${limit.limit} per \`${limit.key}\``;
}

/**
 * The tries of the function's policy. The engine's own retries are left out, because they are only for outages of our
 * own services.
 */
function retriesOf({ opts }: InngestFunction.Any): string {
  const policy = policyOf(opts);
  return policy === undefined ? "–" : `${RETRY_POLICIES[policy].retries} (\`${policy}\`)`;
}

const rows = createApp(env, {}, allFunctions).functions.map(
  (fn) => `| ${triggersOf(fn)} | \`${fn.id()}\` | ${atOnce(fn)} | ${retriesOf(fn)} |\n`,
);
const before = readFileSync(file, "utf8");
if (!TABLE.test(before)) throw new Error("The README has no table of functions.");
const after = before.replace(TABLE, () => rows.join(""));
if (!process.argv.includes("--check")) writeFileSync(file, after);
else if (after !== before) {
  process.stderr.write("The README's table of functions is stale: npm run docs:generate\n");
  process.exitCode = 1;
}
