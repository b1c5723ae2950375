/** The README's tables agree with the code. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { policyOf, RETRY_POLICIES } from "#lib/engine/retry-policy.ts";
import { readEnv } from "#lib/env.ts";
import { DoorConfig } from "../../scripts/deploy/manifest.ts";

const root = resolve(import.meta.dirname, "../..");
const readme = readFileSync(resolve(root, "README.md"), "utf8");

/** The cells of every table row under a heading, without the header row. */
const tableUnder = (heading: string): string[][] =>
  (readme.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

const inOrder = (rows: readonly (readonly unknown[])[]) =>
  rows.map((row) => row.join(" ")).toSorted((a, b) => a.localeCompare(b));

test("the table of doors lists every door with its addresses", async () => {
  const files = readdirSync(resolve(root, "netlify/functions"));
  const doors = await Promise.all(
    files.map(async (file) => {
      const { config } = await import(resolve(root, "netlify/functions", file));
      const { path = [], schedule } = DoorConfig.parse(config);
      return [file, ...path, ...(schedule === undefined ? [] : [schedule])];
    }),
  );
  const told = tableUnder("Doors").map(([door, address]) => [...codes(door), ...codes(address)]);
  expect(inOrder(told)).toEqual(inOrder(doors));
});

const functionsOfPlan = (PLAN: string) => {
  const env = {
    SUPABASE_URL: "http://127.0.0.1:9",
    SUPABASE_SECRET_KEY: "sb_secret_key",
    INNGEST_DEV: "1",
    PLAN,
  };
  return createApp(readEnv(env), {}, allFunctions).functions;
};

test("the table of functions lists every function with its event, concurrency and the retries of its policy", () => {
  const functions = functionsOfPlan("pro").map((fn) => {
    const { triggers, concurrency } = fn.opts;
    const policy = policyOf(fn.opts);
    const retries = policy && `${RETRY_POLICIES[policy].retries} (\`${policy}\`)`;
    const events = [triggers ?? []]
      .flat()
      // The time zone of a cron is a setting, so it is left out.
      .map((trigger) => ("cron" in trigger ? trigger.cron.replace(/^TZ=\S+ /, "") : trigger.event));
    // Of two limits the first is the one over all keys.
    const [whole] = [concurrency ?? []].flat();
    const limit = typeof whole === "object" ? whole.limit : whole;
    return [events.map((event) => (typeof event === "string" ? event : "")), fn.id(), limit, retries]
      .flat()
      .map(String);
  });
  const told = tableUnder("Functions").map(([event, id, atOnce = "", retries]) =>
    [...codes(event), ...codes(id), /\d+/.exec(atOnce)?.[0], retries].map(String),
  );
  expect(inOrder(told)).toEqual(inOrder(functions));
});

test("every function except the last two of the table has the shared onFailure", () => {
  const [last, beforeLast, ...others] = functionsOfPlan("free").toReversed();
  expect([beforeLast?.id(), last?.id()]).toEqual(["catch-failures", "record-cancellations"]);
  expect([beforeLast?.opts.onFailure, last?.opts.onFailure]).toEqual([undefined, undefined]);
  const [same, ...different] = new Set(others.map(({ opts }) => opts.onFailure));
  expect(same).toBeInstanceOf(Function);
  expect(different).toEqual([]);
});
