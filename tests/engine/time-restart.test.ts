/** State survives: after the engine died, timers continue, and nothing happens twice. */
import { cron, eventType, staticSchema } from "inngest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import type { Client } from "./support/app.ts";
import { startKitApp } from "./support/kit-app.ts";
import { startProcess } from "./support/processes.ts";

const START = new Date("2026-06-01T00:00:00Z");
const happened = eventType("happened", { schema: staticSchema<{ n: number; key: string }>() });

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase({ migrated: false });
});
afterAll(() => database.close());

const event = (n: number, key = "x") => ({ name: "happened", data: { n, key } });

/** Runs the same app with and without a crash of the engine in the middle; both must give the same result. */
async function withAndWithoutDeath<T>(
  functions: (inngest: Client, log: (entry: T) => void, now: () => number) => object[],
  before: (
    send: (events: object[]) => Promise<unknown>,
    advance: (time: string) => Promise<void>,
  ) => Promise<void>,
  after: (
    send: (events: object[]) => Promise<unknown>,
    advance: (time: string) => Promise<void>,
  ) => Promise<void>,
): Promise<{ alive: T[]; died: T[] }> {
  const live = async (dies: boolean) => {
    const seen: T[] = [];
    const { engine } = await startKitApp(
      (inngest) =>
        functions(
          inngest,
          (entry) => void seen.push(entry),
          () => (engine.clock.now().getTime() - START.getTime()) / 1000,
        ),
      { start: START, seed: 3 },
    );
    const send = (events: object[]) => engine.send(events as { name: string }[]);
    await engine.sync();
    await before(send, engine.advance);
    if (dies) await engine.crash();
    await after(send, engine.advance);
    await engine.close();
    return seen;
  };
  return { alive: await live(false), died: await live(true) };
}

test("sleeps, waits and retries end on time after a restart", async () => {
  const { alive, died } = await withAndWithoutDeath<string>(
    (inngest, log, now) => [
      inngest.createFunction({ id: "long", retries: 2, triggers: [happened] }, async ({ step, attempt }) => {
        await step.sleep("nap", "1h");
        await step.run("flaky", () => {
          if (attempt === 0) throw new Error("once");
        });
        await step.waitForEvent("never", { event: "never", timeout: "1d" });
        log(`ended at ${Math.round(now() / 60)} min`);
      }),
    ],
    async (send, advance) => {
      await send([event(1)]);
      await advance("30m");
    },
    (_send, advance) => advance("2d"),
  );
  expect(alive).toHaveLength(1);
  expect(died).toEqual(alive);
});

test("debounce, batch, throttle and schedule keep their state over a restart", async () => {
  const { alive, died } = await withAndWithoutDeath<string>(
    (inngest, log, now) => [
      inngest.createFunction(
        { id: "calm", retries: 0, triggers: [happened], debounce: { period: "10m" } },
        ({ event }) => log(`debounced ${event.data.n} at ${Math.round(now())}`),
      ),
      inngest.createFunction(
        { id: "batch", retries: 0, triggers: [happened], batchEvents: { maxSize: 10, timeout: "60s" } },
        ({ events }) => log(`batch of ${events.length} at ${Math.round(now())}`),
      ),
      inngest.createFunction(
        { id: "paced", retries: 0, triggers: [happened], throttle: { limit: 1, period: "1h" } },
        () => log(`start at ${Math.round(now())}`),
      ),
      inngest.createFunction({ id: "tick", retries: 0, triggers: [cron("30 * * * *")] }, () =>
        log(`tick at ${Math.round(now())}`),
      ),
      inngest.createFunction(
        { id: "once", retries: 0, triggers: [happened], idempotency: "event.data.key" },
        ({ event }) => log(`once ${event.data.key}`),
      ),
    ],
    async (send, advance) => {
      await send([event(1), event(2)]);
      await advance("30s");
      await send([event(3)]);
    },
    async (send, advance) => {
      await send([event(4)]);
      await advance("5h");
    },
  );
  expect(died.toSorted()).toEqual(alive.toSorted());
  expect(alive.filter((entry) => entry.startsWith("once"))).toEqual(["once x"]);
  expect(alive.filter((entry) => entry.startsWith("start"))).toHaveLength(4);
});

test("a second engine on the same database is refused", async () => {
  const flags = ["--port", "0", "--database-url", database.url];
  const first = await startProcess("engine", flags);
  await expect(startProcess("engine", flags)).rejects.toThrow(/Another engine uses this database/);
  await first.kill("SIGTERM");
});
