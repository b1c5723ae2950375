import { describe, expect, test } from "vitest";
import { engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start } = await engineSuite();

/** Counts how many of a kind run at once, and the maximum. */
function meter() {
  const now = new Map<string, number>();
  const most = new Map<string, number>();
  return {
    most: (kind = "") => most.get(kind) ?? 0,
    /** Runs for so long, but not before `company` has come. */
    async during<T>(kind: string, ms: number, result: T, company?: Promise<unknown>): Promise<T> {
      now.set(kind, (now.get(kind) ?? 0) + 1);
      most.set(kind, Math.max(most.get(kind) ?? 0, now.get(kind) ?? 0));
      await company;
      await new Promise((resolve) => setTimeout(resolve, ms));
      now.set(kind, (now.get(kind) ?? 0) - 1);
      return result;
    },
  };
}

describe.concurrent("concurrency", () => {
  test("limits the number of steps in progress, and every run completes", async () => {
    const work = meter();
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "limited", retries: 0, triggers: [{ event: on("go") }], concurrency: 2 },
        async ({ step }) => step.run("work", () => work.during("", 60, "done")),
      ),
    ]);
    await app.engine.sendAll(Array.from({ length: 8 }, () => ({ name: app.name("go") })));
    const ends = await app.outcomes.count(8, "limited");
    expect(ends.every((end) => end.status === "Completed")).toBe(true);
    expect(work.most()).toBeLessThanOrEqual(2);
  });

  test("with a key limits each value separately", async () => {
    const work = meter();
    const company = eventually("two at work at once", () => work.most("all") > 1);
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "keyed",
          retries: 0,
          triggers: [{ event: on("go") }],
          concurrency: { limit: 1, key: "event.data.user" },
        },
        async ({ event }) => {
          await Promise.all([
            work.during(event.data.user, 150, 0, company),
            work.during("all", 150, 0, company),
          ]);
        },
      ),
    ]);
    const users = ["ada", "bob", "cy"];
    await app.engine.sendAll([...users, ...users].map((user) => ({ name: app.name("go"), data: { user } })));
    await company;
    await app.outcomes.count(6, "keyed");
    expect(users.map((user) => work.most(user))).toEqual([1, 1, 1]);
  });

  test.each(["env", "account"] as const)(
    "in scope %s is shared by two functions with the same key",
    async (scope) => {
      const work = meter();
      const app = await start(({ inngest, on }) =>
        ["a", "b"].map((id) =>
          inngest.createFunction(
            {
              id,
              retries: 0,
              triggers: [{ event: on("go") }],
              concurrency: { limit: 1, scope, key: `"${on("provider").name}"` },
            },
            async () => work.during("", 60, "done"),
          ),
        ),
      );
      await app.engine.sendAll([1, 2, 3].map((n) => ({ name: app.name("go"), data: { n } })));
      await app.outcomes.count(6);
      expect(work.most()).toBe(1);
    },
  );

  test("may have two limits, which both hold", async () => {
    const work = meter();
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "two",
          retries: 0,
          triggers: [{ event: on("go") }],
          concurrency: [{ limit: 3 }, { limit: 1, key: "event.data.user" }],
        },
        async ({ event }) => {
          await Promise.all([work.during(event.data.user, 80, 0), work.during("all", 80, 0)]);
        },
      ),
    ]);
    const users = ["a", "b", "c", "d", "e"];
    await app.engine.sendAll([...users, ...users].map((user) => ({ name: app.name("go"), data: { user } })));
    await app.outcomes.count(10, "two");
    expect(users.map((user) => work.most(user))).toEqual([1, 1, 1, 1, 1]);
    expect(work.most("all")).toBeLessThanOrEqual(3);
  });

  test("does not count a sleeping run", async () => {
    const began: string[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "one", retries: 0, triggers: [{ event: on("go") }], concurrency: 1 },
        async ({ event, step }) => {
          await step.run("begin", () => began.push(event.data.who));
          if (event.data.who === "sleeper") await step.sleep("long", "1h");
          return event.data.who;
        },
      ),
    ]);
    await app.send("go", { who: "sleeper" });
    await eventually("the sleeper asleep", () => began.length === 1);
    expect((await app.outcome(await app.send("go", { who: "worker" }))).result).toBe("worker");
    expect(app.outcomes.all("one")).toHaveLength(1);
  });
});

describe.concurrent("throttle", () => {
  test("spaces the starts of runs and loses none", async () => {
    const at: number[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "paced", retries: 0, triggers: [{ event: on("go") }], throttle: { limit: 1, period: "2s" } },
        () => {
          at.push(Date.now());
        },
      ),
    ]);
    const sent = Date.now();
    await app.engine.sendAll([1, 2, 3].map((n) => ({ name: app.name("go"), data: { n } })));
    await app.outcomes.count(3, "paced");
    // Counted from the sending, so that a delayed start on a busy machine does not make the next one look early.
    for (const [index, time] of at.toSorted((a, b) => a - b).entries())
      expect(time - sent).toBeGreaterThanOrEqual(index * 2000 - 50);
  });

  test("allows a burst at once, and each key has its own pace", async () => {
    const at: Record<string, number[]> = { a: [], b: [] };
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "paced",
          retries: 0,
          triggers: [{ event: on("go") }],
          throttle: { limit: 1, period: "1h", burst: 2, key: "event.data.user" },
        },
        ({ event }) => void at[event.data.user]?.push(Date.now()),
      ),
    ]);
    await app.engine.sendAll(
      ["a", "a", "b", "a", "b"].map((user) => ({ name: app.name("go"), data: { user } })),
    );
    await eventually("five starts: both bursts", () => (at["a"]?.length ?? 0) + (at["b"]?.length ?? 0) === 5);
    expect(at).toMatchObject({
      a: [expect.any(Number), expect.any(Number), expect.any(Number)],
      b: [expect.any(Number), expect.any(Number)],
    });
  });
});

describe.concurrent("rateLimit", () => {
  test("drops starts over the limit, per key, by pace (GCRA) and not by bucket", async () => {
    const ran: string[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "rated",
          retries: 0,
          triggers: [{ event: on("go") }],
          rateLimit: { limit: 2, period: "1h", key: "event.data.user" },
        },
        ({ event }) => void ran.push(event.data.user),
      ),
      inngest.createFunction({ id: "all", retries: 0, triggers: [{ event: on("go") }] }, () => null),
    ]);
    await app.engine.sendAll(
      ["ada", "ada", "ada", "bob"].map((user) => ({ name: app.name("go"), data: { user } })),
    );
    await app.outcomes.count(4, "all");
    await app.outcomes.count(2, "rated");
    // Two per hour means one per half hour: of three at once, one passes.
    expect(ran.toSorted()).toEqual(["ada", "bob"]);
  });

  test("allows a tenth of the limit at once", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "rated", retries: 0, triggers: [{ event: on("go") }], rateLimit: { limit: 20, period: "24h" } },
        () => null,
      ),
      inngest.createFunction({ id: "all", retries: 0, triggers: [{ event: on("go") }] }, () => null),
    ]);
    await app.engine.sendAll(Array.from({ length: 10 }, () => ({ name: app.name("go") })));
    await app.outcomes.count(10, "all");
    await app.outcomes.count(3, "rated");
    expect(app.outcomes.all("rated")).toHaveLength(3);
  });
});

describe.concurrent("idempotency", () => {
  test("starts one run in 24 hours for each value of the expression", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "once", retries: 0, triggers: [{ event: on("go") }], idempotency: "event.data.order" },
        ({ event }) => event.data.order,
      ),
      inngest.createFunction({ id: "all", retries: 0, triggers: [{ event: on("go") }] }, () => null),
    ]);
    await app.engine.sendAll(
      ["a", "a", "b", "a"].map((order) => ({ name: app.name("go"), data: { order } })),
    );
    await app.outcomes.count(4, "all");
    await app.outcomes.count(2, "once");
    expect(
      app.outcomes
        .all("once")
        .map((end) => end.result)
        .toSorted((a, b) => String(a).localeCompare(String(b))),
    ).toEqual(["a", "b"]);
  });
});

describe.concurrent("debounce", () => {
  test("starts one run per key with the last event, after a quiet period", async () => {
    const ran: string[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "calm",
          retries: 0,
          triggers: [{ event: on("typed") }],
          debounce: { period: "2s", key: "event.data.list" },
        },
        ({ event }) => void ran.push(`${event.data.list}${event.data.n}`),
      ),
    ]);
    // In one request, each with its own time, because a busy machine may pause longer between requests.
    const typed = (list: string, n: number) => ({
      name: app.name("typed"),
      data: { list, n },
      ts: Date.now() - 1000 + n,
    });
    await app.engine.sendAll([1, 2, 3].flatMap((n) => [typed("x", n), typed("y", n)]));
    await app.outcomes.count(2, "calm");
    expect(ran.toSorted()).toEqual(["x3", "y3"]);
  });
});

describe.concurrent("batchEvents", () => {
  test("starts one run with all events of a full batch", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "batch",
          retries: 0,
          triggers: [{ event: on("item") }],
          batchEvents: { maxSize: 3, timeout: "30s" },
        },
        ({ events }) => events.map((one) => one.data.n),
      ),
    ]);
    for (const n of [1, 2, 3]) await app.send("item", { n });
    const [end] = await app.outcomes.count(1, "batch");
    const result = end?.result as number[] | undefined;
    expect(result?.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  test("starts an incomplete batch after its timeout, one per key", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "batch",
          retries: 0,
          triggers: [{ event: on("item") }],
          batchEvents: { maxSize: 10, timeout: "2s", key: "event.data.list" },
        },
        ({ events }) => events.map((one) => `${one.data.list}${one.data.n}`).toSorted(),
      ),
    ]);
    const item = (list: string, n: number) => ({ name: app.name("item"), data: { list, n } });
    await app.engine.sendAll([item("a", 1), item("b", 1), item("a", 2)]);
    const ends = await app.outcomes.count(2, "batch");
    expect(ends.map((end) => (end.result as string[]).join()).toSorted()).toEqual(["a1,a2", "b1"]);
  });
});

describe.concurrent("priority", () => {
  test("starts the waiting run with the higher priority first", async () => {
    const order: string[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "ranked",
          retries: 0,
          triggers: [{ event: on("go") }],
          concurrency: 1,
          priority: { run: "event.data.vip ? 300 : 0" },
        },
        async ({ event }) => {
          order.push(event.data.who);
          if (event.data.who === "first") await held;
        },
      ),
      inngest.createFunction({ id: "arrived", retries: 0, triggers: [{ event: on("go") }] }, () => null),
    ]);
    await app.send("go", { who: "first", vip: false });
    await eventually("the first at work", () => order.length === 1);
    await app.send("go", { who: "plain", vip: false });
    await app.send("go", { who: "vip", vip: true });
    await app.outcomes.count(3, "arrived");
    release();
    await app.outcomes.count(3, "ranked");
    expect(order).toEqual(["first", "vip", "plain"]);
  });
});

describe.concurrent("singleton", () => {
  test("skip: an event during a run starts none", async () => {
    const began: number[] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "single",
          retries: 0,
          triggers: [{ event: on("go") }],
          singleton: { mode: "skip", key: "event.data.user" },
        },
        async ({ event }) => {
          began.push(event.data.n);
          if (event.data.n === 1) await held;
          return event.data.n;
        },
      ),
      inngest.createFunction({ id: "all", retries: 0, triggers: [{ event: on("go") }] }, () => null),
    ]);
    const first = await app.send("go", { user: "ada", n: 1 });
    await eventually("the first at work", () => began.length === 1);
    const skipped = await app.send("go", { user: "ada", n: 2 });
    const other = await app.send("go", { user: "bob", n: 3 });
    expect((await app.outcome(other, "single")).result).toBe(3);
    await app.outcomes.count(3, "all");
    release();
    const { result, runId } = await app.outcome(first, "single");
    expect(result).toBe(1);
    const again = await app.send("go", { user: "ada", n: 4 });
    expect((await app.outcome(again, "single")).result).toBe(4);
    expect(began).toEqual([1, 3, 4]);
    // The dashboard shows a skipped run; the API does not, and no system event reports it.
    const shown = await app.engine.runs(skipped);
    const single = await app.engine.run(runId);
    expect(shown.map(({ function_id: id }) => id)).not.toContain(single.function_id);
    expect(app.outcomes.all("single")).toHaveLength(3);
  });

  test("cancel: an event during a run cancels that run and starts another", async () => {
    const began: number[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "single", retries: 0, triggers: [{ event: on("go") }], singleton: { mode: "cancel" } },
        async ({ event, step }) => {
          await step.run("begin", () => began.push(event.data.n));
          await step.sleep("work", event.data.n === 1 ? "1h" : "1s");
          return event.data.n;
        },
      ),
    ]);
    const first = await app.send("go", { n: 1 });
    await eventually("the first at work", () => began.length === 1);
    const second = await app.send("go", { n: 2 });
    expect((await app.outcome(first)).status).toBe("Cancelled");
    expect((await app.outcome(second)).result).toBe(2);
  });
});
