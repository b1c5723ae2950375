/** Any JSON is stored in Postgres unchanged, or ends the run that made it; it never stops the engine. */
import { seeded } from "@nightshift/local/engine/seeded.ts";
import { eventType, staticSchema } from "inngest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { startKitApp } from "./support/kit-app.ts";

const ROUNDS = Number(process.env["TEXT_ROUNDS"] ?? 60);

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ migrated: false });
});
afterAll(() => database.close());

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const happened = eventType("happened", { schema: staticSchema<{ value: Json }>() });
const texts = [
  "",
  "plain",
  "\0",
  "a\0b",
  "\ud83d",
  "\udc4d",
  "👍",
  "\\u0000",
  "\\",
  '"',
  "\u2028",
  "\uffff",
  "__proto__",
  "toJSON",
];

function anyJson(random: () => number, depth = 0): Json {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = () => pick(texts) + pick(texts);
  const leaves: (() => Json)[] = [
    () => null,
    () => random() < 0.5,
    () => random() * 1e21,
    () => -1e-7,
    text,
    text,
    text,
  ];
  if (depth > 3 || random() < 0.5) return pick(leaves)();
  const items = Array.from({ length: Math.floor(random() * 4) }, () => anyJson(random, depth + 1));
  return random() < 0.5 ? items : Object.fromEntries(items.map((item) => [text(), item]));
}

/** The form in which the server passes it on: U+FFFD replaces a lone surrogate. */
const wellFormed = (value: Json): Json => {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  );
};
const nested = (levels: number): Json => {
  let value: Json = "deep";
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
};

test("any JSON can be event data, a step's result, a function's result and an error message", async () => {
  const values = [
    ...texts,
    "👍".slice(0, 1),
    nested(900),
    ...Array.from({ length: ROUNDS }, () => anyJson(seeded(7 + ROUNDS))),
  ];
  const random = seeded(7);
  for (let round = 0; round < ROUNDS; round++) values.push(anyJson(random));
  const seen: Json[] = [];
  const { engine } = await startKitApp(
    (inngest) => [
      inngest.createFunction({ id: "in-event", retries: 0, triggers: [happened] }, ({ event }) => {
        seen.push(event.data.value);
      }),
      inngest.createFunction({ id: "in-step", retries: 0, triggers: [happened] }, async ({ event, step }) => {
        const index = Number(event.id?.slice(1));
        const result = await step.run("make", () => ({ is: values[index] }));
        await step.sleep("nap", "1s");
        return step.run("look", () => JSON.stringify(result) === JSON.stringify({ is: values[index] }));
      }),
      inngest.createFunction({ id: "in-result", retries: 0, triggers: [happened] }, ({ event }) => ({
        is: values[Number(event.id?.slice(1))],
      })),
      inngest.createFunction({ id: "in-error", retries: 0, triggers: [happened] }, ({ event }) => {
        throw new Error(JSON.stringify(values[Number(event.id?.slice(1))]).slice(0, 2_000) + "\ud83d\0");
      }),
    ],
    { databaseUrl: database.url, seed: 1 },
  );
  for (const [index, value] of values.entries()) {
    const id = `v${index}`;
    const [sent = ""] = await engine.send({ id, name: "happened", data: { value } });
    await engine.run(sent, "in-event");
    expect(seen.at(-1)).toEqual(wellFormed(value));
    const hasHalf = JSON.stringify(wellFormed(value)) !== JSON.stringify(value);
    const inStep = await engine.run(sent, "in-step");
    expect([inStep.status, hasHalf || inStep.error === undefined]).toEqual([
      hasHalf ? "Failed" : "Completed",
      true,
    ]);
    if (index % 10 === 0) await engine.crash();
    expect((await engine.run(sent, "in-result")).output).toEqual({ is: wellFormed(value) });
    const { status, error } = await engine.run(sent, "in-error");
    expect([status, error?.message.endsWith("\ufffd\0")]).toEqual(["Failed", true]);
  }
  await engine.close();
});

test("JSON with 5,000 levels is refused: the event, or the run whose step returned it", async () => {
  const { engine } = await startKitApp(
    (inngest) => [
      inngest.createFunction({ id: "deep", retries: 0, triggers: [happened] }, ({ step }) =>
        step.run("dig", () => nested(2_000)),
      ),
      inngest.createFunction({ id: "deep-cause", retries: 0, triggers: [happened] }, () => {
        throw new Error("deep", { cause: nested(2_000) });
      }),
    ],
    { databaseUrl: database.url, seed: 2 },
  );
  const deep = `{"name":"happened","data":{"value":${"[".repeat(5_000)}${"]".repeat(5_000)}}}`;
  const answer = await engine.fetch(`${engine.url}/e/key`, { method: "POST", body: deep });
  expect([answer.status, await answer.text()]).toEqual([
    400,
    expect.stringContaining("levels is not modelled"),
  ]);
  const [id = ""] = await engine.send({ name: "happened", data: { value: null } });
  for (const functionId of ["deep", "deep-cause"]) {
    const { status, error } = await engine.run(id, functionId);
    expect([status, error?.message]).toEqual(["Failed", expect.stringContaining("levels is not modelled")]);
  }
  await engine.close();
});

test("event ids and keys of 4,000 characters are accepted and distinguished", async () => {
  // Random, because Postgres would compress a repeated character to less than the limit of its index.
  const random = seeded(3);
  const noise = Array.from({ length: 3_999 }, () => Math.floor(random() * 36).toString(36)).join("");
  const long = (end: string) => noise + end;
  const started = new Set<string>();
  const { engine } = await startKitApp(
    (inngest) =>
      [
        { id: "once", idempotency: "event.data.value" },
        { id: "rated", rateLimit: { limit: 1, period: "1h", key: "event.data.value" } as const },
        { id: "single", singleton: { mode: "skip", key: "event.data.value" } as const },
        { id: "calm", debounce: { period: "1m", key: "event.data.value" } as const },
        { id: "batch", batchEvents: { maxSize: 5, timeout: "60s", key: "event.data.value" } as const },
        { id: "paced", throttle: { limit: 1, period: "1m", key: "event.data.value" } as const },
        { id: "lane", concurrency: { limit: 1, key: "event.data.value" } },
      ].map((options) =>
        inngest.createFunction({ retries: 0, triggers: [happened], ...options }, async ({ event, step }) => {
          started.add(`${options.id}-${JSON.stringify(event.data.value).at(-2)}`);
          await step.sleep("a-while", "1m");
        }),
      ),
    { databaseUrl: database.url, seed: 3 },
  );
  const event = (end: string) => ({ id: long(end), name: "happened", data: { value: long(end) } });
  await engine.send([event("a"), event("b"), event("a")]);
  await engine.crash();
  await engine.advance("10m");
  const ids = ["once", "rated", "single", "calm", "paced", "lane"];
  expect([...started].toSorted()).toEqual(
    [...ids, "batch"].flatMap((id) => [`${id}-a`, `${id}-b`]).toSorted(),
  );
  await engine.close();
});
