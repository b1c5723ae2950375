/**
 * Run against a server that retries after one second (`--retry-interval 1`); time-backoff.test.ts has the real delays.
 */
import { NonRetriableError, RetryAfterError, StepError } from "inngest";
import { describe, expect, test } from "vitest";
import { CHECKPOINTING, engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start } = await engineSuite();

describe.concurrent.each(CHECKPOINTING)("retries, %s", (_name, checkpointing) => {
  test("a failing step is retried until it succeeds, and earlier steps are not repeated", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "flaky", retries: 3, triggers: [{ event: on("go") }] },
          async ({ step, attempt }) => {
            await step.run("before", () => ran.push("before"));
            const tries = await step.run("flaky", () => {
              ran.push(`flaky@${attempt}`);
              if (attempt < 2) throw new Error("not yet");
              return attempt;
            });
            return { tries };
          },
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome).toMatchObject({ status: "Completed", result: { tries: 2 } });
    expect(ran).toEqual(["before", "flaky@0", "flaky@1", "flaky@2"]);
  });

  test("each step has its own attempts", async () => {
    const tries: Record<string, number> = { one: 0, two: 0 };
    const failTwice = (name: string) => () => {
      tries[name] = (tries[name] ?? 0) + 1;
      if (tries[name] < 3) throw new Error("again");
      return name;
    };
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "budget", retries: 2, triggers: [{ event: on("go") }] },
          async ({ step }) => [
            await step.run("one", failTwice("one")),
            await step.run("two", failTwice("two")),
          ],
        ),
      ],
      { checkpointing },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({
      status: "Completed",
      result: ["one", "two"],
    });
    expect(tries).toEqual({ one: 3, two: 3 });
  });

  test("a step whose attempts are used up fails the run with the step's error", async () => {
    let tries = 0;
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "doomed", retries: 1, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            step.run("boom", () => {
              tries++;
              throw Object.assign(new TypeError("no way"), { code: "E42", cause: { code: "why" } });
            }),
        ),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(tries).toBe(2);
    expect(outcome).toMatchObject({
      status: "Failed",
      error: { name: "TypeError", message: "no way", cause: { code: "why" } },
    });
    expect(outcome.error).not.toHaveProperty("code");
  });

  test("a function can catch a step's error and go on, and a replay remembers it", async () => {
    let tries = 0;
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "catcher", retries: 1, triggers: [{ event: on("go") }] },
          async ({ step }) => {
            try {
              await step.run("boom", () => {
                tries++;
                throw new RangeError("too far");
              });
            } catch (error) {
              await step.sleep("replay", "1s");
              return step.run("recover", () =>
                error instanceof StepError ? `${error.name}: ${error.message}` : "?",
              );
            }
            return "not reached";
          },
        ),
      ],
      { checkpointing },
    );
    expect((await app.outcome(await app.send("go"))).result).toBe("RangeError: too far");
    expect(tries).toBe(2);
  });

  test("name, message and cause of an error are kept, and other fields are not", async () => {
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction({ id: "bare", retries: 0, triggers: [on("go")] }, () => {
          throw Object.assign(new TypeError("no way"), { code: "E42", cause: { code: "why" } });
        }),
      ],
      { checkpointing },
    );
    const outcome = await app.outcome(await app.send("go"));
    expect(outcome).toMatchObject({
      status: "Failed",
      error: { name: "TypeError", message: "no way", cause: { code: "why" } },
    });
    expect(outcome.error).not.toHaveProperty("code");
  });

  test("NonRetriableError in a step or in the function ends the run at its first attempt", async () => {
    const tries: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "in-step", retries: 5, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            step.run("boom", () => {
              tries.push("step");
              throw new NonRetriableError("final", { cause: { code: "stop" } });
            }),
        ),
        inngest.createFunction({ id: "in-function", retries: 5, triggers: [{ event: on("go") }] }, () => {
          tries.push("function");
          throw new NonRetriableError("final", { cause: { code: "stop" } });
        }),
      ],
      { checkpointing },
    );
    const id = await app.send("go");
    for (const where of ["in-step", "in-function"]) {
      const error = { name: "NonRetriableError", message: "final", cause: { code: "stop" } };
      expect(await app.outcome(id, where)).toMatchObject({ status: "Failed", error });
    }
    expect(tries.toSorted()).toEqual(["function", "step"]);
  });

  test("RetryAfterError sets the time of the next attempt", async () => {
    const at: number[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "patient", retries: 2, triggers: [{ event: on("go") }] },
          async ({ step }) =>
            step.run("wait", () => {
              at.push(Date.now());
              if (at.length === 1) throw new RetryAfterError("later", 3000);
              return "done";
            }),
        ),
      ],
      { checkpointing },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({ status: "Completed", result: "done" });
    const [first = 0, second = 0] = at;
    // `retry-after` is a date without milliseconds, so up to a second may be cut off.
    expect(second - first).toBeGreaterThanOrEqual(2000);
  });

  test("an error outside of steps repeats the function, but not its completed steps", async () => {
    const ran: string[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "outside", retries: 3, triggers: [{ event: on("go") }] },
          async ({ step, attempt }) => {
            await step.run("once", () => ran.push("once"));
            ran.push(`body@${attempt}`);
            if (!ran.includes("body@1")) throw new Error("in between");
            return "recovered";
          },
        ),
      ],
      { checkpointing },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({
      status: "Completed",
      result: "recovered",
    });
    expect(ran.filter((what) => what === "once")).toHaveLength(1);
  });

  test("the function knows its attempt and the maximum", async () => {
    const seen: unknown[] = [];
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "counting", retries: 2, triggers: [{ event: on("go") }] },
          ({ attempt, maxAttempts }) => {
            seen.push([attempt, maxAttempts]);
            throw new Error("always");
          },
        ),
      ],
      { checkpointing },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({
      status: "Failed",
      error: { message: "always" },
    });
    expect(seen).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ]);
  });
});

describe.concurrent("an answer that is not the app's", () => {
  test("a page from another server counts as an error and is retried", async () => {
    let pages = 0;
    let calls = 0;
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction({ id: "behind-proxy", retries: 2, triggers: [{ event: on("go") }] }, () => {
          calls++;
          return "through";
        }),
      ],
      {
        intercept: (request) => {
          if (request.method !== "POST" || !request.url.includes("behind-proxy") || pages > 0)
            return undefined;
          pages++;
          return new Response("<h1>welcome</h1>", { status: 200, headers: { "content-type": "text/html" } });
        },
      },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({ status: "Completed", result: "through" });
    expect({ pages, calls }).toEqual({ pages: 1, calls: 1 });
  });

  test("an app that is down uses up attempts, and the run goes on when it is back", async () => {
    let down = 0;
    const app = await start(
      ({ inngest, on }) => [
        inngest.createFunction(
          { id: "outage", retries: 3, triggers: [{ event: on("go") }] },
          ({ attempt }) => ({ attempt }),
        ),
      ],
      {
        intercept: (request) => {
          if (request.method !== "POST" || !request.url.includes("outage") || down >= 2) return undefined;
          down++;
          return new Response("bad gateway", { status: 502 });
        },
      },
    );
    expect(await app.outcome(await app.send("go"))).toMatchObject({
      status: "Completed",
      result: { attempt: 2 },
    });
  });
});

describe.concurrent("onFailure and the system events", () => {
  test("onFailure gets the original event, the run and the error, reduced to name, message and cause", async () => {
    const failures: object[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "fails",
          retries: 0,
          triggers: [{ event: on("go") }],
          onFailure: ({ event, error }) => {
            failures.push({ ...event.data, error: { name: error.name, message: error.message } });
          },
        },
        async ({ step }) =>
          step.run("boom", () => {
            throw Object.assign(new Error("lost"), { code: "E1", cause: { code: "provider_rejected" } });
          }),
      ),
    ]);
    const id = await app.send("go", { order: 5 });
    const outcome = await app.outcome(id, "fails");
    const [failure] = await eventually("onFailure", () => failures.length > 0 && failures);
    expect(failure).toMatchObject({
      function_id: `${app.id}-fails`,
      run_id: outcome.runId,
      event: { id, data: { order: 5 } },
      error: { name: "Error", message: "lost" },
    });
    expect(failures).toHaveLength(1);
  });

  test("a failing onFailure is tried twice", async () => {
    const attempts: number[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "fails",
          retries: 0,
          triggers: [{ event: on("go") }],
          onFailure: ({ attempt }) => {
            attempts.push(attempt);
            throw new Error("the handler broke too");
          },
        },
        () => {
          throw new Error("first");
        },
      ),
      // Runs on the same event, and longer than both tries: when it has ended, a third try would have come.
      inngest.createFunction({ id: "clock", retries: 0, triggers: [{ event: on("go") }] }, async ({ step }) =>
        step.sleep("t", "6s"),
      ),
    ]);
    const id = await app.send("go");
    await eventually("both tries", () => attempts.length === 2);
    await app.outcome(id, "clock");
    expect(attempts).toEqual([0, 1]);
  });

  test("inngest/function.failed has its own run's id and can trigger any function", async () => {
    const heard: { id: string; data: { run_id: string; error: { message: string } } }[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "fails", retries: 0, triggers: [{ event: on("go") }] }, () => {
        throw new Error("heard?");
      }),
      inngest.createFunction(
        {
          id: "net",
          retries: 0,
          triggers: [{ event: "inngest/function.failed", if: `event.data.event.name == "${on("go").name}"` }],
        },
        ({ event }) => {
          heard.push(event as unknown as (typeof heard)[number]);
        },
      ),
    ]);
    const outcome = await app.outcome(await app.send("go"), "fails");
    const [failed] = await eventually("function.failed", () => heard.length > 0 && heard);
    expect(failed).toMatchObject({
      id: outcome.runId,
      data: { run_id: outcome.runId, error: { message: "heard?" } },
    });
  });

  test("a completed run sends function.finished with its result, and no function.failed", async () => {
    const failed: unknown[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "works", retries: 0, triggers: [{ event: on("go") }] }, () => ({
        fine: true,
      })),
      inngest.createFunction({ id: "fails", retries: 0, triggers: [{ event: on("fence") }] }, () => {
        throw new Error("the fence");
      }),
      inngest.createFunction(
        {
          id: "net",
          retries: 0,
          triggers: [
            {
              event: "inngest/function.failed",
              if: `event.data.function_id.startsWith("${on("").name.slice(0, -1)}-")`,
            },
          ],
        },
        ({ event }) => {
          failed.push((event as unknown as { data: { function_id: string } }).data.function_id);
        },
      ),
    ]);
    const outcome = await app.outcome(await app.send("go"), "works");
    expect(outcome).toMatchObject({ status: "Completed", result: { fine: true } });
    expect(outcome).not.toHaveProperty("error");
    await app.send("fence");
    await eventually("the fence's own failure", () => failed.length > 0);
    expect(failed).toEqual([`${app.id}-fails`]);
  });
});
