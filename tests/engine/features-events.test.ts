import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { start } = await engineSuite();

describe.concurrent("events", () => {
  test("one event and an array of events are accepted, and ids come in the order of the events", async () => {
    const seen = new Map<string, number>();
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "see", retries: 0, triggers: [{ event: on("n") }] }, ({ event }) => {
        seen.set(event.id, event.data.n);
      }),
    ]);
    const one = await app.engine.post({ name: app.name("n"), data: { n: 0 } });
    expect(one).toMatchObject({ status: 200, body: { ids: [expect.any(String)], status: 200 } });
    const many = await app.engine.sendAll([1, 2, 3].map((n) => ({ name: app.name("n"), data: { n } })));
    await app.outcomes.count(4, "see");
    expect(many.map((id) => seen.get(id))).toEqual([1, 2, 3]);
  });

  test("an event without a name and invalid JSON are refused", async () => {
    const app = await start(() => []);
    expect(await app.engine.post({ name: "" })).toMatchObject({
      status: 400,
      body: { error: "event name is empty" },
    });
    expect((await app.engine.request("POST", "/e/key", "{nope")).status).toBe(400);
  });

  test("a request repeated with the same id seed gets the same ids and starts no second run", async () => {
    const seen: number[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "see", retries: 0, triggers: [{ event: on("n") }] }, ({ event }) => {
        seen.push(event.data.n);
      }),
    ]);
    const events = [1, 2].map((n) => ({ name: app.name("n"), data: { n } }));
    const headers = { "x-inngest-event-id-seed": `${Date.now()},${randomBytes(10).toString("base64")}` };
    const first = await app.engine.post(events, headers);
    const again = await app.engine.post(events, headers);
    expect(again.body.ids).toEqual(first.body.ids);
    // When the runs of a third request without the seed exist, the runs of the repeated request would exist too.
    await app.engine.post(events.map((event) => ({ ...event, data: { n: event.data.n + 10 } })));
    await app.outcomes.count(4, "see");
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 11, 12]);
  });

  test("an event id chosen by the sender starts each function once in 24 hours, independently per function", async () => {
    const seen: string[] = [];
    const app = await start(({ inngest, on }) =>
      ["a", "b"].map((id) =>
        inngest.createFunction({ id, retries: 0, triggers: [{ event: on("pay") }] }, ({ event }) => {
          seen.push(`${id}:${event.id}:${event.data.n}`);
        }),
      ),
    );
    const own = `${app.id}-order-1`;
    const first = await app.send("pay", { n: 1 }, { id: own });
    const second = await app.send("pay", { n: 2 }, { id: own });
    expect(second).not.toBe(first);
    await app.outcome(await app.send("pay", { n: 3 }), "b");
    await app.outcomes.count(4);
    // The order of two events sent at almost the same moment is not defined.
    expect(
      seen
        .filter((line) => line.includes(own))
        .map((line) => line.slice(0, 1))
        .toSorted(),
    ).toEqual(["a", "b"]);
  });

  test("one event starts every function that it triggers, also by a wildcard", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "exact", retries: 0, triggers: [{ event: on("user/created") }] },
        () => "exact",
      ),
      inngest.createFunction(
        { id: "wild", retries: 0, triggers: [{ event: on("user/*") }] },
        ({ event }) => event.name,
      ),
      inngest.createFunction(
        { id: "other", retries: 0, triggers: [{ event: on("order/*") }] },
        () => "other",
      ),
    ]);
    const id = await app.send("user/created");
    expect((await app.outcome(id, "exact")).result).toBe("exact");
    expect((await app.outcome(id, "wild")).result).toBe(app.name("user/created"));
    await app.outcome(await app.send("order/paid"), "other");
    expect(app.outcomes.all("other")).toHaveLength(1);
  });

  test("a function with two matching triggers starts once", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        {
          id: "both",
          retries: 0,
          triggers: [{ event: on("x") }, { event: on("x"), if: "event.data.n == 1" }],
        },
        () => "ran",
      ),
      inngest.createFunction({ id: "fence", retries: 0, triggers: [{ event: on("fence") }] }, () => "ran"),
    ]);
    await app.outcome(await app.send("x", { n: 1 }), "both");
    await app.outcome(await app.send("fence"), "fence");
    expect(app.outcomes.all("both")).toHaveLength(1);
  });

  test.each([
    ["event.data.n > 2 && event.data.vip", { n: 3, vip: true }, { n: 3, vip: false }],
    ["event.data.user.name == 'ada'", { user: { name: "ada" } }, { user: null }],
    ["event.data.missing == null", {}, { missing: 1 }],
    ["event.data.plan == 'pro' || event.data.plan == 'max'", { plan: "max" }, { plan: "free" }],
    ["event.data.email.endsWith('@example.com')", { email: "a@example.com" }, { email: "a@example.org" }],
    ["!event.data.flag", { flag: false }, { flag: true }],
  ])("the trigger's `if` decides: %s", async (expression, yes, no) => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "picky", retries: 0, triggers: [{ event: on("x"), if: expression }] },
        ({ event }) => event.data,
      ),
      inngest.createFunction({ id: "any", retries: 0, triggers: [{ event: on("x") }] }, () => null),
    ]);
    await app.outcome(await app.send("x", no), "any");
    expect((await app.outcome(await app.send("x", yes), "picky")).result).toEqual(yes);
    expect(app.outcomes.all("picky")).toHaveLength(1);
  });

  test("ts and v given by the sender are kept", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "see", retries: 0, triggers: [{ event: on("x") }] }, ({ event }) => ({
        ts: event.ts,
        v: event.v,
      })),
    ]);
    const ts = Date.now() - 60_000;
    expect((await app.outcome(await app.send("x", {}, { ts, v: "2026-01-01.1" }))).result).toEqual({
      ts,
      v: "2026-01-01.1",
    });
  });

  test("an event with a future ts starts its run then", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "see", retries: 0, triggers: [{ event: on("x") }] }, () => Date.now()),
    ]);
    const ts = Date.now() + 3_000;
    const id = await app.send("x", {}, { ts });
    expect((await app.outcome(id, "see")).result).toBeGreaterThanOrEqual(ts);
  });

  test("waitForEvent does not match an event that was sent before it", async () => {
    let sent = () => {};
    const isSent = new Promise<void>((resolve) => {
      sent = resolve;
    });
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "late", retries: 0, triggers: [{ event: on("go") }] },
        async ({ event, step }) => {
          await step.run("until-it-is-sent", () => isSent);
          await step.sleep("arrive-late", "1s");
          const missed = await step.waitForEvent("missed", {
            event: on("early"),
            timeout: "2s",
            if: "async.data.n == event.data.n",
          });
          return { missed, n: event.data.n };
        },
      ),
    ]);
    const id = await app.send("go", { n: 1 });
    await app.send("early", { n: 1 });
    sent();
    expect((await app.outcome(id, "late")).result).toEqual({ missed: null, n: 1 });
  });

  test("the SDK's send works with the engine", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "see", retries: 0, triggers: [{ event: on("x") }] },
        ({ event }) => event.data,
      ),
    ]);
    const { ids } = await app.inngest.send([
      { name: app.name("x"), data: { n: 1 } },
      { name: app.name("x"), data: { n: 2 } },
    ]);
    const results = await Promise.all(ids.map(async (id) => (await app.outcome(id)).result));
    expect(results).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe.concurrent("sync", () => {
  test("a changed app registers again: new functions run, removed ones do not", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "old", retries: 0, triggers: [{ event: on("x") }] }, () => "old"),
    ]);
    expect((await app.outcome(await app.send("x"))).result).toBe("old");
    await app.deploy(({ inngest, on }) => [
      inngest.createFunction({ id: "new", retries: 0, triggers: [{ event: on("x") }] }, () => "new"),
    ]);
    expect((await app.outcome(await app.send("x"), "new")).result).toBe("new");
    expect(app.outcomes.all("old")).toHaveLength(1);
  });

  test("registering the same app again changes nothing", async () => {
    const app = await start(({ inngest, on }) => [
      inngest.createFunction({ id: "same", retries: 0, triggers: [{ event: on("x") }] }, () => "ran"),
    ]);
    const first = await fetch(app.url, { method: "PUT" });
    const second = await fetch(app.url, { method: "PUT" });
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.json()).toMatchObject({ modified: false });
    await app.outcome(await app.send("x"));
    expect(app.outcomes.all("same")).toHaveLength(1);
  });

  test("a run in progress continues with the new code", async () => {
    const ran: string[] = [];
    const app = await start(({ inngest, on }) => [
      inngest.createFunction(
        { id: "moving", retries: 0, triggers: [{ event: on("x") }] },
        async ({ step }) => {
          await step.run("first", () => ran.push("first"));
          await step.sleep("deploy", "2s");
          return "old code";
        },
      ),
    ]);
    const id = await app.send("x");
    await eventually("the first step", () => ran.length > 0);
    await app.deploy(({ inngest, on }) => [
      inngest.createFunction(
        { id: "moving", retries: 0, triggers: [{ event: on("x") }] },
        async ({ step }) => {
          await step.run("first", () => ran.push("first"));
          await step.sleep("deploy", "2s");
          return "new code";
        },
      ),
    ]);
    expect((await app.outcome(id)).result).toBe("new code");
    expect(ran).toEqual(["first"]);
  });
});
