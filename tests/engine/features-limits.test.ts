/** Values that are too large are refused with the server's message, at once and without a retry. */
import { referenceFunction } from "inngest";
import { describe, expect, test } from "vitest";
import { CHECKPOINTING, engineSuite } from "./support/suite.ts";

const { start } = await engineSuite();
const MIB = 1024 * 1024;

describe.concurrent("events that are refused", () => {
  test.each([
    [
      "larger than 3 MiB",
      { name: "big", data: { x: "x".repeat(3 * MIB) } },
      "Event is over the max size: Max 3145728 bytes",
    ],
    [
      "a name of Inngest's own",
      { name: "inngest/function.finished", data: {} },
      "event name is reserved for internal use: inngest/function.finished",
    ],
    ["without a name", { name: "", data: {} }, "event name is empty"],
  ])("%s", async (_what, event, words) => {
    const app = await start(() => []);
    const answer = await app.engine.post(event);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain(words);
  });

  test("data that is not an object", async () => {
    const app = await start(() => []);
    const answer = await app.engine.request<{ error: string }>("POST", "/e/suite", {
      name: "x/y",
      data: "text",
    });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toContain("cannot unmarshal string");
  });

  test("of an array with an invalid event, the events before it are accepted and the others are not", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "see", retries: 0, triggers: [{ event: on("x") }] },
        ({ event }) => event.data.n,
      ),
    ]);
    const event = (n: number) => ({ name: app.name("x"), data: { n } });
    const { status, body } = await app.engine.post([event(1), event(2), { name: "" }, event(3)]);
    expect({ status, error: body.error }).toEqual({ status: 400, error: "event name is empty" });
    expect(body.ids).toHaveLength(2);
    // An event that was sent later has run, so the third one is not just late.
    await app.outcome(await app.send("x", { n: 4 }));
    const results = (await app.outcomes.count(3, "see")).map(({ result }) => result);
    expect(new Set(results)).toEqual(new Set([1, 2, 4]));
  });

  test("an empty array is accepted", async () => {
    const app = await start(() => []);
    const answer = await app.engine.post([]);
    expect(answer).toEqual({ status: 200, body: { ids: [""], status: 200 } });
  });

  test("half a megabyte is accepted", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "size", retries: 0, triggers: [{ event: on("x") }] },
        ({ event }) => event.data.x.length,
      ),
    ]);
    expect((await app.outcome(await app.send("x", { x: "x".repeat(MIB / 2) }))).result).toBe(MIB / 2);
  });
});

describe.concurrent.each(CHECKPOINTING)("runs that are refused, %s", (_name, checkpointing) => {
  test("a step result over 4 MB", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction({ id: "big", retries: 5, triggers: [{ event: on("go") }] }, async ({ step }) =>
          step.run("big", () => "x".repeat(5 * MIB)),
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.status).toBe("Failed");
    expect(JSON.stringify(outcome.error)).toContain("step output size is greater than the limit");
  });

  test("1,001 steps planned at once", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "many", retries: 5, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            Promise.all(Array.from({ length: 1001 }, (_, n) => step.run(`step-${n}`, () => n))),
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome).toMatchObject({ status: "Failed", error: { error: "InngestErrFunctionOverflowed" } });
    expect(JSON.stringify(outcome.error)).toContain(
      "The function run exceeded the step limit of 1000 steps.",
    );
  });

  test("a sleep of more than a year", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "sleeper", retries: 5, triggers: [{ event: on("go") }] },
          async ({ step }) => step.sleep("long", "400d"),
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome).toMatchObject({ status: "Failed", error: { error: "InngestErrTimeoutTooLong" } });
    expect(JSON.stringify(outcome.error)).toContain(
      "ends more than one year in the future; sleeps may last at most one year.",
    );
  });

  test("a wait of more than a year, and one whose `if` is no expression", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "long", retries: 5, triggers: [{ event: on("go") }] },
          async ({ step }) => step.waitForEvent("wait", { event: on("never"), timeout: "400d" }),
        ),
        inngest.createFunction(
          { id: "malformed", retries: 5, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            step.waitForEvent("wait", { event: on("never"), timeout: "1d", if: "event.data.x ==== 3" }),
        ),
      ],
      { checkpointing },
    );
    const id = await app.send("go");
    const long = await app.outcome(id, "long");
    expect(JSON.stringify(long.error)).toContain(
      "expires more than one year in the future; timeouts may last at most one year.",
    );
    const malformed = await app.outcome(id, "malformed");
    expect(malformed).toMatchObject({ status: "Failed", error: { error: "InvalidExpression" } });
    expect(JSON.stringify(malformed.error)).toContain("Wait for event If expression failed to compile");
  });

  test("invoke of an unknown function", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "caller", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            step.invoke("call", { function: referenceFunction({ functionId: "nobody" }), data: {} }),
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome).toMatchObject({
      status: "Failed",
      error: { message: `could not find function with ID: ${app.id}-nobody` },
    });
  });

  test("state that is larger than a request is fetched by the SDK (use_api)", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "large", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const parts = [
              await step.run("one", () => "1".repeat(3.5 * MIB)),
              await step.run("two", () => "2".repeat(3.5 * MIB)),
            ];
            await step.sleep("replay", "1s");
            return step.run("measure", () => parts.map((part) => part.length));
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual([3.5 * MIB, 3.5 * MIB]);
  });
});

describe.concurrent("apps that are refused when they register", () => {
  test.each([
    [
      "three concurrency limits",
      { concurrency: [{ limit: 1 }, { limit: 2, key: "event.data.a" }, { limit: 3, key: "event.data.b" }] },
    ],
    ["a debounce longer than seven days", { debounce: { period: "8d" } }],
    [
      "batching and cancellation together",
      { batchEvents: { maxSize: 2, timeout: "5s" }, cancelOn: [{ event: "x" }] },
    ],
    ["a rate limit longer than a day", { rateLimit: { limit: 1, period: "25h" } }],
    ["an expression that does not compile", { concurrency: { limit: 1, key: "event.data.(" } }],
  ])("%s", async (_what, options) => {
    const refused = start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "wrong", retries: 0, triggers: [{ event: on("go") }], ...(options as object) },
        () => null,
      ),
    ]);
    await expect(refused).rejects.toThrow(/the engine refused/);
  });
});
