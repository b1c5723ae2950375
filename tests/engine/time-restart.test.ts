/** State survives: after the engine died, timers continue, and nothing happens twice. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { cron, eventType, staticSchema } from "inngest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { type Client, startApp } from "./support/app.ts";
import { startKitApp } from "./support/kit-app.ts";
import { startProcess } from "./support/processes.ts";
import { eventually } from "./support/wait.ts";

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

test("after a restart, runs continue at the app's new address, and nothing is sent to its old address", async () => {
  const flags = ["--database-url", database.url];
  const first = await startProcess("engine", ["--port", "0", ...flags]);
  let isMoved = false;
  let isCalled = false;
  const atOld: string[] = [];
  const app = await startApp(
    first.url,
    ({ inngest, on }) => [
      inngest.createFunction({ id: "work", retries: 1, triggers: [on("due")] }, ({ attempt }) => attempt),
    ],
    {
      intercept: ({ method, headers }) => {
        if (isMoved && !headers.has("x-moved")) {
          atOld.push(method);
          return new Response("another app", { status: 500 });
        }
        if (isMoved || method === "PUT") return undefined;
        // The engine is killed during this call.
        isCalled = true;
        return new Promise(() => {});
      },
    },
  );
  const atNew: string[] = [];
  const moved = http.createServer((request, response) => {
    atNew.push(request.method ?? "");
    const { search } = new URL(request.url ?? "", app.url);
    const headers = { ...request.headers, "x-moved": "1" };
    const onward = http.request(app.url + search, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => moved.listen(0, "127.0.0.1", resolve));
  const id = await app.send("due");
  await eventually("the call", () => isCalled);
  await first.kill("SIGKILL");

  isMoved = true;
  const url = `http://127.0.0.1:${(moved.address() as AddressInfo).port}/api/inngest`;
  const second = await startProcess("engine", ["--port", new URL(first.url).port, "--app", url, ...flags]);
  expect(await app.outcome(id, "work")).toMatchObject({ result: 0 });
  // One question before the run continues, and three polls: an old address would be polled with the second one.
  await eventually("the polls", () => atNew.filter((method) => method === "PUT").length >= 4);
  expect(atOld).toEqual([]);
  await second.kill("SIGTERM");
  moved.closeAllConnections();
  moved.close();
  await app.close();
});
