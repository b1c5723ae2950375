import { NonRetriableError, referenceFunction } from "inngest";
import { describe, expect, test } from "vitest";
import { CHECKPOINTING, engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start } = await engineSuite();

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe.concurrent.each(CHECKPOINTING)("steps, %s", (_name, checkpointing) => {
  test("a function without steps returns its result", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction({ id: "plain", retries: 0, triggers: [{ event: on("go") }] }, ({ event }) => ({
          got: event.data.n,
        })),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go", { n: 7 }));
    expect(outcome).toMatchObject({ status: "Completed", result: { got: 7 } });
  });

  test("steps run in sequence, each once, and later ones see earlier results as JSON", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "sequence", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const first = await step.run("first", () => {
              ran.push("first");
              return { at: new Date(0), nothing: undefined };
            });
            const second = await step.run("second", () => {
              ran.push("second");
              return [first, 2];
            });
            const third = await step.run("third", () => {
              ran.push("third");
            });
            return { second, third };
          },
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.result).toEqual({ second: [{ at: "1970-01-01T00:00:00.000Z" }, 2], third: null });
    expect(ran).toEqual(["first", "second", "third"]);
  });

  test("a step result shaped like the protocol's own messages is returned unchanged", async () => {
    const shapes = [{ data: 1 }, { error: { name: "x", message: "y" } }, { input: [1] }, null, "", 0];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "shapes", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const seen: unknown[] = [];
            for (const [index, shape] of shapes.entries())
              seen.push(await step.run(`shape-${index}`, () => shape));
            await step.sleep("replay-everything", "1s");
            return seen;
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual(shapes);
  });

  test("sleep and sleepUntil continue after the given time", async () => {
    const at: Record<string, number> = {};
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "sleeper", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            at["before"] = await step.run("before", () => Date.now());
            await step.sleep("nap", "1s");
            at["between"] = await step.run("between", () => Date.now());
            await step.sleepUntil("until", new Date(at["between"] + 2000));
            at["after"] = await step.run("after", () => Date.now());
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).status).toBe("Completed");
    const { before = 0, between = 0, after = 0 } = at;
    expect(between - before).toBeGreaterThanOrEqual(1000);
    // The server rounds the time until the date to whole seconds, so half a second early is correct.
    expect(after - between).toBeGreaterThanOrEqual(1400);
  });

  test("sleepUntil a past date does not sleep", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "past", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            await step.sleepUntil("yesterday", new Date(Date.now() - 86_400_000));
            return "awake";
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toBe("awake");
  });

  test("waitForEvent returns the first later event that matches its `if`", async () => {
    let isHeard = false;
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "waiter", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const approval = await step.waitForEvent("approval", {
              event: on("approved"),
              timeout: "1h",
              if: "async.data.order == event.data.order && async.data.amount > 10",
            });
            return approval?.data;
          },
        ),
        inngest.createFunction({ id: "beacon", retries: 0, triggers: [{ event: on("approved") }] }, () => {
          isHeard = true;
        }),
      ],
      { checkpointing },
    );
    const id = await app.send("go", { order: 1 });
    // Sent repeatedly until the wait exists, because an earlier event is missed (features-events.test.ts).
    const outcome = app.outcome(id, "waiter");
    for (let ended = false; !ended; ) {
      await app.send("approved", { order: 2, amount: 99 });
      await app.send("approved", { order: 1, amount: 10 });
      await app.send("approved", { order: 1, amount: 11 });
      ended = await Promise.race([
        outcome.then(() => true),
        new Promise<false>((r) => setTimeout(() => r(false), 300)),
      ]);
    }
    expect((await outcome).result).toEqual({ order: 1, amount: 11 });
    await eventually("the beacon", () => isHeard);
  });

  test("waitForEvent returns null after its timeout", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "forgotten", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => ({
            approval: await step.waitForEvent("approval", { event: on("approved"), timeout: "1s" }),
          }),
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual({ approval: null });
  });

  test("invoke returns the other function's result", async () => {
    const app = await start(
      ({ inngest, on }) => {
        const child = inngest.createFunction(
          { id: "child", retries: 0, triggers: [{ event: on("never") }] },
          async ({ event, step }) => step.run("double", () => event.data["n"] * 2),
        );
        return [
          child,
          inngest.createFunction(
            { id: "parent", retries: 0, triggers: [{ event: on("go") }] },
            async ({ step }) => ({
              direct: await step.invoke("direct", { function: child, data: { n: 21 } }),
              byReference: await step.invoke("by-reference", {
                function: referenceFunction({ functionId: "child" }),
                data: { n: 4 },
              }),
            }),
          ),
        ];
      },
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"), "parent")).result).toEqual({
      direct: 42,
      byReference: 8,
    });
  });

  test("invoke of a failing function throws its error, which can be caught", async () => {
    const app = await start(
      ({ inngest, on }) => {
        const child = inngest.createFunction(
          { id: "child", retries: 0, triggers: [{ event: on("never") }] },
          () => {
            throw new NonRetriableError("the child broke");
          },
        );
        return [
          child,
          inngest.createFunction(
            { id: "parent", retries: 0, triggers: [{ event: on("go") }] },
            async ({ step }) => {
              try {
                await step.invoke("child", { function: child, data: {} });
              } catch (error) {
                return { caught: error instanceof Error ? error.message : "?" };
              }
              return "not reached";
            },
          ),
        ];
      },
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"), "parent")).result).toEqual({ caught: "the child broke" });
  });

  test("invoke gives up after its timeout", async () => {
    const app = await start(
      ({ inngest, on }) => {
        const child = inngest.createFunction(
          { id: "child", retries: 0, triggers: [{ event: on("never") }] },
          async ({ step }) => step.sleep("long", "1h"),
        );
        return [
          child,
          inngest.createFunction(
            { id: "parent", retries: 0, triggers: [{ event: on("go") }] },
            async ({ step }) => {
              try {
                await step.invoke("child", { function: child, data: {}, timeout: "1s" });
              } catch (error) {
                return error instanceof Error ? { name: error.name, message: error.message } : "?";
              }
              return "not reached";
            },
          ),
        ];
      },
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"), "parent")).result).toEqual({
      name: "InngestInvokeTimeoutError",
      message: "Timed out waiting for invoked function to complete",
    });
  });

  test("sendEvent sends once and returns the ids", async () => {
    const heard: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "speaker", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const { ids } = await step.sendEvent(
              "fan-out",
              [1, 2, 3].map((n) => ({ name: on("said").name, data: { n } })),
            );
            await step.sleep("replay", "1s");
            return ids.length;
          },
        ),
        inngest.createFunction(
          { id: "listener", retries: 0, triggers: [{ event: on("said") }] },
          ({ event }) => {
            heard.push(String(event.data.n));
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"), "speaker")).result).toBe(3);
    await app.outcomes.count(3, "listener");
    expect(heard.toSorted()).toEqual(["1", "2", "3"]);
  });

  test("parallel steps run once each, in whatever order they end", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "parallel", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const results = await Promise.all(
              [40, 5, 20].map((ms, index) =>
                step.run(`p${index}`, async () => {
                  ran.push(`p${index}`);
                  await new Promise((resolve) => setTimeout(resolve, ms));
                  return index;
                }),
              ),
            );
            const after = await step.run("after", () => ran.push("after"));
            return { results, after };
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual({ results: [0, 1, 2], after: 4 });
    expect(ran.toSorted()).toEqual(["after", "p0", "p1", "p2"]);
  });

  test("parallel results keep the order of their first completion in every replay", async () => {
    const gates = { a: gate(), b: gate(), c: gate(), d: gate() };
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "order", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const order: string[] = [];
            const finish = (name: string, before: Promise<unknown>, done: () => void) =>
              step
                .run(name, async () => {
                  await before;
                  // Time for the previous answer to arrive: the engine's order counts, not the app's.
                  await new Promise((resolve) => setTimeout(resolve, 600));
                  done();
                })
                .then(() => order.push(name));
            await Promise.all([
              finish("a", gates.c.opened, gates.a.open),
              finish("b", Promise.resolve(), gates.b.open),
              finish("c", gates.d.opened, gates.c.open),
              finish("d", gates.b.opened, gates.d.open),
            ]);
            const seen = await step.run("seen", () => order.join(""));
            await step.sleep("replay", "1s");
            return { seen, replayed: order.join("") };
          },
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome.result).toEqual({ seen: "bdca", replayed: "bdca" });
  });

  test("parallel branches may contain sleeps, waits and steps", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "nested", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const note = (name: string) => step.run(name, () => (ran.push(name), name));
            const branch = async (name: string) => {
              const first = await note(`${name}-1`);
              const pair = await Promise.all([note(`${name}-2a`), note(`${name}-2b`)]);
              return [first, ...pair];
            };
            return Promise.all([
              branch("x"),
              branch("y"),
              step.sleep("nap", "1s").then(() => note("after-nap")),
              step.waitForEvent("nothing", { event: on("none"), timeout: "1s" }),
            ]);
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual([
      ["x-1", "x-2a", "x-2b"],
      ["y-1", "y-2a", "y-2b"],
      "after-nap",
      null,
    ]);
    expect(ran.toSorted()).toEqual(["after-nap", "x-1", "x-2a", "x-2b", "y-1", "y-2a", "y-2b"]);
  });

  test("a race continues with its first result, and each other branch runs at most once", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "race", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step, group }) => {
            const winner = await group.parallel(() =>
              Promise.race([
                step.run("fast", () => (ran.push("fast"), "fast")),
                step.sleep("slow", "20s").then(() => "slow"),
              ]),
            );
            const after = await step.run("after", () => (ran.push("after"), `after ${winner}`));
            return { winner, after };
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual({ winner: "fast", after: "after fast" });
    expect(ran).toEqual(["fast", "after"]);
  });

  test("the same step id in a loop makes a new step each time", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "loop", retries: 0, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            const seen: number[] = [];
            for (let n = 0; n < 4; n++) seen.push(await step.run("again", () => n));
            return seen;
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toEqual([0, 1, 2, 3]);
  });
});
