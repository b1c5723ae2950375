/** Cases in which the engine once differed from the real server (v1.43), each with the real server's result. */
import { eventType, staticSchema } from "inngest";
import { expect, test } from "vitest";
import { startKitApp } from "./support/kit-app.ts";

const go = eventType("go", { schema: staticSchema<Record<string, unknown>>() });

test("a rate limit, idempotency or singleton whose key is undefined or false limits nothing", async () => {
  const started: string[] = [];
  const options = [
    { id: "rated", rateLimit: { limit: 1, period: "1h", key: "event.data.key" } as const },
    { id: "once", idempotency: "event.data.key" },
    { id: "single", singleton: { mode: "skip", key: "event.data.key" } as const },
  ];
  const { engine } = await startKitApp((inngest) =>
    options.map((one) =>
      inngest.createFunction({ retries: 0, triggers: [go], ...one }, async ({ event, step }) => {
        await step.run("count", () => void started.push(`${one.id} ${JSON.stringify(event.data["key"])}`));
        await step.sleep("a-while", "1m");
      }),
    ),
  );
  const twice = (data: object) => [0, 1].map(() => ({ name: "go", data: { ...data } }));
  await engine.send([...twice({}), ...twice({ key: false }), ...twice({ key: "false" })]);
  await engine.send([
    { name: "go", data: { key: { a: 1, b: 2 } } },
    { name: "go", data: { key: { b: 2, a: 1 } } },
  ]);
  await engine.advance("5m");
  for (const { id } of options) {
    const count = (key: string) => started.filter((entry) => entry === `${id} ${key}`).length;
    expect([id, count("undefined"), count("false"), count('"false"'), count('{"a":1,"b":2}')]).toEqual([
      id,
      2,
      2,
      1,
      1,
    ]);
  }
  await engine.close();
});

test("an event without data has null, every event has a user, and object keys are sorted", async () => {
  const seen: unknown[] = [];
  const { engine } = await startKitApp((inngest) => [
    inngest.createFunction(
      { id: "look", retries: 0, triggers: [{ event: "go" }] },
      async ({ event, step }) => {
        const result = await step.run("make", () => ({ b: 1, a: { d: 1, c: 1 } }));
        await step.sleep("nap", "1s");
        seen.push([event.data, "user" in event && event.user, JSON.stringify(result)]);
      },
    ),
  ]);
  const [bare = "", full = ""] = await engine.send([{ name: "go" }, { name: "go", data: { b: 1, a: 2 } }]);
  await engine.run(bare);
  await engine.run(full);
  const memo = '{"a":{"c":1,"d":1},"b":1}';
  expect(JSON.stringify(seen)).toBe(
    JSON.stringify([
      [null, {}, memo],
      [{ a: 2, b: 1 }, {}, memo],
    ]),
  );
  await engine.close();
});

test("a batch has no defined order", async () => {
  const seen: unknown[][] = [];
  const { engine } = await startKitApp((inngest) => [
    inngest.createFunction(
      { id: "batch", retries: 0, triggers: [go], batchEvents: { maxSize: 20, timeout: "10s" } },
      ({ events }) => void seen.push(events.map(({ data }) => data["n"])),
    ),
  ]);
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  await engine.send(numbers.map((n) => ({ name: "go", data: { n } })));
  await engine.advance("1m");
  expect(seen[0]).not.toEqual(numbers);
  expect(seen[0]?.toSorted((a, b) => Number(a) - Number(b))).toEqual(numbers);
  await engine.close();
});

test("the event of a canceled run has no error, and the step that invoked it gets the whole finished event", async () => {
  const news: Record<string, unknown>[] = [];
  const { engine } = await startKitApp((inngest) => {
    const child = inngest.createFunction({ id: "child", retries: 0, triggers: [] }, ({ step }) =>
      step.sleep("long", "1h"),
    );
    return [
      child,
      inngest.createFunction({ id: "parent", retries: 0, triggers: [go] }, ({ step }) =>
        step.invoke("call", { function: child }),
      ),
      inngest.createFunction(
        { id: "news", retries: 0, triggers: [{ event: "inngest/function.cancelled" }] },
        ({ event }) => void news.push(event.data),
      ),
    ];
  });
  const [id = ""] = await engine.send({ name: "go", data: {} });
  await engine.idle();
  const [child] = engine.runs("child");
  await engine.cancel(child?.id ?? "");
  const parent = await engine.run(id, "parent");
  expect(parent.status).toBe("Completed");
  expect(parent.steps["call"]).toMatchObject({
    name: "inngest/function.finished",
    data: { run_id: child?.id },
  });
  await engine.waitFor(() => news.length > 0);
  expect(news[0]).not.toHaveProperty("error");
  await engine.close();
});

test("`error.error` of a failed run names the kind of its last error", async () => {
  const { engine } = await startKitApp((inngest) => [
    inngest.createFunction({ id: "fails", retries: 0, triggers: [go] }, () => {
      throw new TypeError("broken");
    }),
  ]);
  const [id = ""] = await engine.send({ name: "go", data: {} });
  const { error } = await engine.run(id);
  expect(error).toMatchObject({ name: "TypeError", message: "broken", error: "NonRetriableError" });
  await engine.close();
});

test("a wildcard in a trigger works only after a slash or a dot, and not alone", async () => {
  const heard: string[] = [];
  const { engine } = await startKitApp((inngest) =>
    ["*", "a.*", "a/*", "a/b.*", "a/b*", "*/c"].map((pattern, n) =>
      inngest.createFunction({ id: `on-${n}`, retries: 0, triggers: [{ event: pattern }] }, ({ event }) => {
        heard.push(`${pattern} ${event.name}`);
      }),
    ),
  );
  await engine.send(["a", "a/b", "a/b.c", "a.b/c"].map((name) => ({ name })));
  await engine.idle();
  expect(heard.toSorted()).toEqual(["a.* a.b/c", "a/* a/b", "a/* a/b.c", "a/b.* a/b.c"]);
  await engine.close();
});
