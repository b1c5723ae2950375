/** Behavior that takes hours or days (retry delays, windows of a day, long sleeps), on the test kit's clock. */
import { eventType, RetryAfterError, staticSchema } from "inngest";
import { describe, expect, test } from "vitest";
import { startKitApp } from "./support/kit-app.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = new Date("2026-06-01T00:00:00Z");

const happened = eventType("happened", { schema: staticSchema<{ key: string }>() });
const gapsOf = (times: number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe("retries", () => {
  test("follow the server's delays, at most half a minute late, for steps and for the function", async () => {
    const at: Record<string, number[]> = { step: [], function: [] };
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction({ id: "in-step", retries: 12, triggers: [happened] }, ({ step }) =>
          step.run("fail", () => {
            at["step"]?.push(engine.clock.now().getTime());
            throw new Error("always");
          }),
        ),
        inngest.createFunction({ id: "in-function", retries: 12, triggers: [happened] }, () => {
          at["function"]?.push(engine.clock.now().getTime());
          throw new Error("always");
        }),
      ],
      { start: START },
    );
    const [id = ""] = await engine.send({ name: "happened", data: { key: "x" } });
    await engine.run(id, "in-step", { within: "3d" });
    await engine.run(id, "in-function", { within: "3d" });
    // From pkg/backoff of the server.
    const table = [15, 30, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 7200, 7200].map(
      (seconds) => seconds * SECOND,
    );
    for (const times of Object.values(at)) {
      const late = gapsOf(times).map((gap, index) => gap - (table[index] ?? 0));
      expect(late).toHaveLength(12);
      expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...late)).toBeLessThanOrEqual(30 * SECOND);
    }
    await engine.close();
  });

  test("RetryAfterError is limited to between a second and a day", async () => {
    const at: number[] = [];
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction({ id: "picky", retries: 2, triggers: [happened] }, ({ step }) =>
          step.run("fail", () => {
            at.push(engine.clock.now().getTime());
            // Counted from the machine's clock: the SDK makes a date of it, and does not know virtual time.
            if (at.length === 1)
              throw new RetryAfterError("long", new Date(engine.clock.now().getTime() + 3 * DAY));
            if (at.length === 2)
              throw new RetryAfterError("short", new Date(engine.clock.now().getTime() - HOUR));
            return "done";
          }),
        ),
      ],
      { start: START },
    );
    const [id = ""] = await engine.send({ name: "happened", data: { key: "x" } });
    expect((await engine.run(id, "picky", { within: "4d" })).output).toBe("done");
    expect(gapsOf(at)).toEqual([DAY, SECOND]);
    await engine.close();
  });
});

describe("windows", () => {
  test("an event id chosen by the sender is remembered for 24 hours", async () => {
    const { engine } = await startKitApp(
      (inngest) => [inngest.createFunction({ id: "once", retries: 0, triggers: [happened] }, () => null)],
      { start: START },
    );
    const send = () => engine.send({ id: "mine", name: "happened", data: { key: "x" } });
    await send();
    await engine.advance("23h59m");
    await send();
    await engine.idle();
    expect(engine.runs("once")).toHaveLength(1);
    await engine.advance("2m");
    await send();
    await engine.idle();
    expect(engine.runs("once")).toHaveLength(2);
    await engine.close();
  });

  test("an idempotency key is remembered for 24 hours", async () => {
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "once", retries: 0, triggers: [happened], idempotency: "event.data.key" },
          () => null,
        ),
      ],
      { start: START },
    );
    const send = (key: string) => engine.send({ name: "happened", data: { key } });
    await send("a");
    await engine.advance("23h59m");
    await send("a");
    await send("b");
    await engine.idle();
    expect(engine.runs("once")).toHaveLength(2);
    await engine.advance("2m");
    await send("a");
    await engine.idle();
    expect(engine.runs("once")).toHaveLength(3);
    await engine.close();
  });

  test("rateLimit is the server's GCRA: 10 an hour is one start every six minutes, with a burst of two", async () => {
    const starts: number[] = [];
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "rated", retries: 0, triggers: [happened], rateLimit: { limit: 10, period: "1h" } },
          () => void starts.push(engine.clock.now().getTime() - START.getTime()),
        ),
      ],
      { start: START },
    );
    for (let minute = 0; minute < 60; minute++) {
      await engine.send([1, 2].map(() => ({ name: "happened", data: { key: "x" } })));
      await engine.advance("1m");
    }
    // Burst 10 / 10 = 1 more at the start, then one every six minutes.
    expect(starts.map((time) => time / MINUTE)).toEqual([0, 0, 6, 12, 18, 24, 30, 36, 42, 48, 54]);
    await engine.close();
  });

  test("throttle spaces the starts evenly and drops none", async () => {
    const starts: number[] = [];
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "paced", retries: 0, triggers: [happened], throttle: { limit: 2, period: "1m" } },
          () => void starts.push(engine.clock.now().getTime() - START.getTime()),
        ),
      ],
      { start: START },
    );
    await engine.send(Array.from({ length: 5 }, () => ({ name: "happened", data: { key: "x" } })));
    await engine.waitFor(() => starts.length === 5, { within: "10m" });
    expect(starts.map((time) => Math.round(time / SECOND))).toEqual([0, 30, 60, 90, 120]);
    await engine.close();
  });

  test("a debounce waits until no event came for its whole period", async () => {
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "calm", retries: 0, triggers: [happened], debounce: { period: "1h", key: "event.data.key" } },
          ({ event }) => event.data.key,
        ),
      ],
      { start: START },
    );
    for (let time = 0; time < 5; time++) {
      await engine.send({ name: "happened", data: { key: "a" } });
      await engine.advance("59m");
    }
    expect(engine.runs("calm")).toHaveLength(0);
    await engine.advance("2m");
    expect(engine.runs("calm")).toHaveLength(1);
    await engine.close();
  });
});

describe("long runs", () => {
  test.each([true, false])(
    "sleeps and waits of days take milliseconds, with checkpointing %s",
    async (checkpointing) => {
      const { engine } = await startKitApp(
        (inngest) => [
          inngest.createFunction(
            { id: "onboarding", retries: 0, triggers: [happened] },
            async ({ event, step }) => {
              await step.run("welcome", () => "sent");
              await step.sleep("three-days", "3d");
              const reply = await step.waitForEvent("reply", {
                event: "replied",
                timeout: "7d",
                match: "data.key",
              });
              return { replied: reply !== null, key: event.data.key };
            },
          ),
        ],
        { start: START, checkpointing },
      );
      const [silent = "", answered = ""] = await engine.send(
        ["silent", "answers"].map((key) => ({ name: "happened", data: { key } })),
      );
      await engine.advance("4d");
      await engine.send({ name: "replied", data: { key: "answers" } });
      expect((await engine.run(answered)).output).toEqual({ replied: true, key: "answers" });
      expect(engine.clock.now().getTime() - START.getTime()).toBe(4 * DAY);
      expect((await engine.run(silent, "onboarding", { within: "7d" })).output).toEqual({
        replied: false,
        key: "silent",
      });
      expect(engine.clock.now().getTime() - START.getTime()).toBe(10 * DAY);
      await engine.close();
    },
  );
});

describe("a negative priority", () => {
  test("delays the start, each retry and each sleep by that many seconds, even on an idle engine", async () => {
    const at: number[] = [];
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "late", retries: 1, triggers: [happened], priority: { run: "-300" } },
          async ({ step, attempt }) => {
            at.push(engine.clock.now().getTime());
            if (attempt === 0 && at.length === 1) throw new Error("once");
            await step.sleep("nap", "1m");
          },
        ),
      ],
      { start: START },
    );
    const [id = ""] = await engine.send({ name: "happened", data: { key: "x" } });
    await engine.run(id, "late");
    const [start = 0, retry = 0, woken = 0] = at;
    expect(start - START.getTime()).toBe(300 * SECOND);
    expect(retry - start).toBeGreaterThanOrEqual(315 * SECOND);
    expect(woken - retry).toBeGreaterThanOrEqual(360 * SECOND);
    await engine.close();
  });

  test("counts only as an integer: a number from the event's data is a double and has no effect", async () => {
    const at: number[] = [];
    const { engine } = await startKitApp(
      (inngest) => [
        inngest.createFunction(
          { id: "by-data", retries: 0, triggers: [happened], priority: { run: "event.data.seconds" } },
          () => void at.push(engine.clock.now().getTime()),
        ),
      ],
      { start: START },
    );
    const [id = ""] = await engine.send({ name: "happened", data: { key: "x", seconds: -300 } });
    await engine.run(id, "by-data");
    expect(at).toEqual([START.getTime()]);
    await engine.close();
  });
});
