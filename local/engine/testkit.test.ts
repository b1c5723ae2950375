import { describe, expect, test } from "vitest";
import { startApp } from "./testkit-app.ts";

describe.each([true, false])("the test kit, with checkpointing %s", (checkpointing) => {
  test("virtual days pass at once, with sleeps, crons and retries in order", async () => {
    const log: string[] = [];
    const { engine, send } = await startApp(
      (inngest) => [
        inngest.createFunction(
          { id: "trial", triggers: [{ event: "signup" }], retries: 2 },
          async ({ step }) => {
            await step.run("welcome", () => log.push("welcome"));
            await step.sleep("three-days", "3d");
            await step.run("remind", () => log.push("remind"));
          },
        ),
        inngest.createFunction({ id: "daily", triggers: [{ cron: "0 12 * * *" }], retries: 0 }, () => {
          log.push("noon");
        }),
      ],
      { checkpointing, start: new Date("2026-01-01T00:00:00Z") },
    );
    const id = await send("signup");
    await engine.advance("2d");
    expect(log).toEqual(["welcome", "noon", "noon"]);
    const run = await engine.run(id, "trial", { within: "2d" });
    expect(run.status).toBe("Completed");
    expect(log).toEqual(["welcome", "noon", "noon", "noon", "remind"]);
    expect(engine.clock.now()).toEqual(new Date("2026-01-04T00:00:00Z"));
    await engine.close();
  });

  test("committed state survives a crash, and a step whose answer was lost runs again", async () => {
    const ran: string[] = [];
    const { engine, send } = await startApp(
      (inngest) => [
        inngest.createFunction({ id: "work", triggers: [{ event: "go" }], retries: 0 }, async ({ step }) => {
          const first = await step.run("first", () => ran.push("first"));
          await step.sleep("nap", "1h");
          const second = await step.run("second", () => ran.push("second"));
          return { first, second };
        }),
      ],
      { checkpointing },
    );
    const id = await send("go");
    await engine.idle();
    await engine.crash();
    engine.faults.crash({ functionId: "work" });
    const run = await engine.run(id);
    expect(run.status).toBe("Completed");
    expect(run.steps["nap"]).toBeNull();
    expect(ran.filter((step) => step === "first")).toHaveLength(1);
    expect(ran.filter((step) => step === "second").length).toBeLessThanOrEqual(2);
    await engine.close();
  });

  test("a lost call uses an attempt, and a run without attempts left calls onFailure", async () => {
    const failures: unknown[] = [];
    const { engine, send } = await startApp(
      (inngest) => [
        inngest.createFunction(
          {
            id: "work",
            triggers: [{ event: "go" }],
            retries: 1,
            onFailure: ({ event }) => void failures.push(event.data.event),
          },
          () => "done",
        ),
      ],
      { checkpointing },
    );
    engine.faults.dropRequest({ functionId: "work" });
    expect((await engine.run(await send("go", { n: 1 }), "work")).output).toBe("done");
    engine.faults.dropRequest({ functionId: "work", times: 2 });
    const failed = await engine.run(await send("go", { n: 2 }), "work");
    await engine.idle();
    expect(failed).toMatchObject({
      status: "Failed",
      error: { message: expect.stringContaining("Unable to reach") },
    });
    expect(failures).toEqual([expect.objectContaining({ data: { n: 2 } })]);
    expect(engine.usage()).toEqual({ runs: 3, steps: 0, executions: 3 });
    await engine.close();
  });

  test("a condition that begins work itself is asked again after that work, though no timer is left", async () => {
    const { engine, send } = await startApp(
      (inngest) => [inngest.createFunction({ id: "work", triggers: [{ event: "go" }] }, () => "done")],
      { checkpointing },
    );
    let id: string | undefined;
    await engine.waitFor(async () => {
      id ??= await send("go");
      return engine.runs("work").some(({ status }) => status === "Completed");
    });
    expect(engine.runs("work")).toHaveLength(1);
    await engine.close();
  });

  test("the error about a run that has not ended says what it waits for", async () => {
    const { engine, send } = await startApp(
      (inngest) => [
        inngest.createFunction({ id: "wait", triggers: [{ event: "go" }], retries: 0 }, ({ step }) =>
          step.waitForEvent("answer", { event: "answer", timeout: "30d" }),
        ),
      ],
      { checkpointing },
    );
    const id = await send("go");
    await expect(engine.run(id)).rejects.toThrow(/has not ended: Running; timeout/);
    await engine.close();
  });
});

test("equal runs have no defined order, and the same seed gives the same order", async () => {
  const orderFor = async (seed: number) => {
    const order: unknown[] = [];
    const { engine } = await startApp(
      (inngest) => [
        inngest.createFunction(
          { id: "one", triggers: [{ event: "go" }], concurrency: 1, retries: 0 },
          ({ event }) => {
            order.push(event.data["n"]);
          },
        ),
      ],
      { seed },
    );
    await engine.send(Array.from({ length: 20 }, (_, n) => ({ name: "go", data: { n } })));
    await engine.idle();
    await engine.close();
    return order;
  };
  const first = await orderFor(7);
  expect(first).toHaveLength(20);
  expect(first).not.toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(await orderFor(7)).toEqual(first);
});
