import { randomUUID } from "node:crypto";
import { eventType } from "inngest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { cancelOfThisJob } from "#lib/engine/flow-control.ts";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { insertJob } from "../support/jobs.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const walk = eventType("test/walk", { schema: z.object({ steps: z.int() }) });
const done: string[] = [];

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "walk", triggers: [walk], retries: 3, onFailure, cancelOn: cancelOfThisJob("walk") },
    async ({ event, step, attempt }) => {
      for (let n = 1; n <= event.data.steps; n++) {
        await step.run(`step-${n}`, () => void done.push(`${event.id} ${n}`));
        await step.sleep(`rest-${n}`, "1m");
      }
      if (event.data.steps === 0 && attempt === 0) throw new Error("stumbled");
      return { walked: event.data.steps };
    },
  ),
  ...["march-left", "march-right"].map((id) =>
    inngest.createFunction(
      { id, triggers: [{ event: "test/march" }], retries: 0, onFailure, cancelOn: cancelOfThisJob(id) },
      async ({ step }) => step.sleep("rest", "1h"),
    ),
  ),
  inngest.createFunction(
    { id: "walk-in-parallel", triggers: [{ event: "test/parallel" }], retries: 0, onFailure },
    async ({ step }) => Promise.all([1, 2, 3].map((n) => step.run(`p${n}`, () => n))),
  ),
  inngest.createFunction(
    { id: "have-nothing-to-do", triggers: [{ event: "test/nothing" }], retries: 0, onFailure },
    async () => ({ status: "skipped", reason: "nothing to do" }),
  ),
  inngest.createFunction(
    { id: "stumble", triggers: [{ event: "test/stumble" }], retries: 1, onFailure },
    async () => {
      throw new Error("stumbled");
    },
  ),
  inngest.createFunction(
    { id: "stumble-in-a-step", triggers: [{ event: "test/stumble-in-a-step" }], retries: 1, onFailure },
    async ({ step }) =>
      step.run("ask", () => {
        throw new AppError("provider_unavailable", "the provider is away", { retryAfterMs: 30_000 });
      }),
  ),
  inngest.createFunction(
    { id: "say-odd-things", triggers: [{ event: "test/odd" }], retries: 0, onFailure },
    async ({ event }) => {
      if (event.data["fails"] === true) throw new Error("a\0b\ud83d");
      return { said: "a\0b\ud83d" };
    },
  ),
];

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", (mode) => {
  let shop: Workshop;
  beforeAll(async () => {
    shop = await workshop({ ...mode, functions });
    await shop.rows("create extension if not exists pg_stat_statements");
    await shop.rows("select pg_stat_statements_reset()");
  });
  afterAll(() => shop.close());

  /** Calls of the tracking functions since the last check. */
  const trackingCalls = async () => {
    const [row] = await shop.rows(
      `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
       join pg_database on pg_database.oid = dbid and datname = current_database()
       where query ~ '(start_run|finish_run)'`,
    );
    await shop.rows("select pg_stat_statements_reset()");
    return row.calls;
  };
  const send = async (name: string, data: Record<string, unknown>) => {
    const id = randomUUID();
    await shop.engine.send({ id, name, data });
    return id;
  };

  /** A walk that was accepted over HTTP: its job's id is the event's id. */
  const accept = async (steps: number) => {
    const id = randomUUID();
    return insertJob(shop.database.sql, { id, owner: "operator", data: { steps } }, shop.engine.clock.now());
  };

  test.each([
    [false, { status: "completed", result: { said: "a\uFFFDb\uFFFD" }, error: null }],
    [true, { status: "failed", result: null, error: { message: "a\uFFFDb\uFFFD" } }],
  ])(
    "a result or error with text that Postgres cannot store is still recorded (fails: %j)",
    async (fails, expected) => {
      const id = await send("test/odd", { fails });
      await shop.engine.run(id, "say-odd-things");
      await shop.engine.idle();
      expect(await shop.rows("select status, result, error from jobs where event_id = $1", [id])).toEqual([
        expected,
      ]);
      const letters = await shop.rows("select error_message from dead_letter_queue where event_id = $1", [
        id,
      ]);
      expect(letters).toEqual(fails ? [{ error_message: "a\uFFFDb\uFFFD" }] : []);
    },
  );

  test.each([
    ["a run of many steps", "test/walk", { steps: 4 }, "walk"],
    ["parallel steps", "test/parallel", {}, "walk-in-parallel"],
  ])("%s uses two tracking statements, however often it is re-entered", async (_, name, data, functionId) => {
    await trackingCalls();
    await shop.engine.run(await send(name, data), functionId);
    expect(await trackingCalls()).toBe(2);
  });

  test("a second attempt is recorded in the run and the timeline", async () => {
    const id = await send("test/walk", { steps: 0 });
    await shop.engine.run(id, "walk");
    const [job] = await shop.rows("select id, status from jobs where event_id = $1", [id]);
    const { body } = await shop.call("GET", `/api/jobs/${job.id}`);
    expect(body.runs).toMatchObject([{ status: "completed", attempts: 2 }]);
    expect(body.timeline.map(({ type }: { type: string }) => type)).toEqual([
      "accepted",
      "running",
      "waiting",
      "retrying",
      "completed",
    ]);
  });

  test.each([
    ["stumble", "stumbled", null],
    ["stumble-in-a-step", "the provider is away", 30_000],
  ])(
    "while a run waits for its next attempt its job shows why, and until when if that is known: %s",
    async (name, message, delayMs) => {
      const id = await send(`test/${name}`, {});
      await shop.engine.idle();
      const now = shop.engine.clock.now().getTime();
      const [{ id: jobId }] = await shop.rows("select id from jobs where event_id = $1", [id]);
      const job = async () => (await shop.call("GET", `/api/jobs/${jobId}`)).body;
      const { timeline, waitingUntil } = await job();
      expect(timeline.at(-1)).toMatchObject({ type: "waiting", data: { attempt: 1, message } });
      expect(waitingUntil === null ? null : Date.parse(waitingUntil) - now).toBe(delayMs);
      if (delayMs !== null) expect(timeline.at(-1).data.code).toBe("provider_unavailable");

      await shop.engine.run(id, name);
      expect(await job()).toMatchObject({ status: "failed", waitingUntil: null });
      // The last attempt is followed by no other.
      expect((await job()).timeline.map(({ type }: { type: string }) => type)).toEqual([
        "accepted",
        "running",
        "waiting",
        "retrying",
        "failed",
      ]);
    },
  );

  test('a function that returns "skipped" ends its job as skipped', async () => {
    const id = await send("test/nothing", {});
    await shop.engine.run(id, "have-nothing-to-do");
    expect(await shop.rows("select status, result from jobs where event_id = $1", [id])).toEqual([
      { status: "skipped", result: { status: "skipped", reason: "nothing to do" } },
    ]);
  });

  test("DELETE stops a running job at its next step", async () => {
    const id = await accept(5);
    await shop.engine.send({ id, name: "test/walk", data: { steps: 5 } });
    await shop.engine.advance("90s");
    expect((await shop.call("DELETE", `/api/jobs/${id}`)).status).toBe(202);
    const run = await shop.engine.run(id, "walk");
    expect(run.status).toBe("Cancelled");
    expect(done.filter((line) => line.startsWith(id))).toHaveLength(2);
    const again = await shop.call("DELETE", `/api/jobs/${id}`);
    expect({ status: again.status, code: again.body.code }).toEqual({ status: 409, code: "job_ended" });
    await shop.engine.idle();
    expect(await shop.rows("select status from job_runs where job_id = $1", [id])).toEqual([
      { status: "canceled" },
    ]);
  });

  test("a DELETE while the engine is down is sent to the engine later, and stops the job at its next step", async () => {
    const id = await accept(5);
    await shop.engine.send({ id, name: "test/walk", data: { steps: 5 } });
    await shop.engine.advance("90s");
    shop.down.engine = true;
    expect((await shop.call("DELETE", `/api/jobs/${id}`)).status).toBe(202);
    await expect(shop.app.keepHouse()).resolves.toMatchObject({ cancels: { repeated: 0 } });
    shop.down.engine = false;
    await expect(shop.app.keepHouse()).resolves.toMatchObject({ cancels: { repeated: 1 } });
    expect((await shop.engine.run(id, "walk")).status).toBe("Cancelled");
    expect(done.filter((line) => line.startsWith(id))).toHaveLength(2);
    await shop.engine.idle();
    expect(await shop.rows("select status from job_runs where job_id = $1", [id])).toEqual([
      { status: "canceled" },
    ]);
    await expect(shop.app.keepHouse()).resolves.toMatchObject({ cancels: { repeated: 0 } });
  });

  test("a cancel stops the run of an event that app code sent, and no other function's run of that event", async () => {
    const id = await send("test/march", {});
    const job = async (functionId: string) =>
      (
        await shop.rows("select id, status from jobs where event_id = $1 and function_id = $2", [
          id,
          functionId,
        ])
      )[0];
    await shop.engine.waitFor(async () => (await job("march-left")) && (await job("march-right")));
    await shop.call("DELETE", `/api/jobs/${(await job("march-left")).id}`);
    expect((await shop.engine.run(id, "march-left")).status).toBe("Cancelled");
    expect((await shop.engine.run(id, "march-right")).status).toBe("Completed");
    await shop.engine.idle();
    expect([(await job("march-left")).status, (await job("march-right")).status]).toEqual([
      "canceled",
      "completed",
    ]);
  });

  test("a retry of a canceled job ends at once, even when the engine does not know of the cancel", async () => {
    const id = await accept(0);
    await shop.engine.send({ id, name: "test/walk", data: { steps: 0 } });
    await shop.engine.idle();
    shop.down.engine = true;
    expect((await shop.call("DELETE", `/api/jobs/${id}`)).status).toBe(202);
    shop.down.engine = false;
    expect((await shop.engine.run(id, "walk")).output).toEqual({ status: "canceled" });
    expect(await shop.rows("select status from job_runs where job_id = $1", [id])).toEqual([
      { status: "canceled" },
    ]);
  });

  test("a job that was canceled before it began never begins", async () => {
    const id = await accept(5);
    expect((await shop.call("DELETE", `/api/jobs/${id}`)).status).toBe(202);
    await shop.engine.send({ id, name: "test/walk", data: { steps: 5 } });
    await shop.engine.run(id, "walk");
    expect(done.filter((line) => line.startsWith(id))).toEqual([]);
    expect(await shop.rows("select status from jobs where id = $1", [id])).toEqual([{ status: "canceled" }]);
  });

  test("a run that is canceled in the engine ends its job as canceled", async () => {
    const id = await send("test/walk", { steps: 5 });
    await shop.engine.advance("30s");
    const run = shop.engine.runs("walk").at(-1);
    await shop.engine.cancel(String(run?.id));
    await shop.engine.advance("1m");
    expect(await shop.rows("select status from jobs where event_id = $1", [id])).toEqual([
      { status: "canceled" },
    ]);
  });

  test("housekeeping reads the end of a run from the engine when the ledger missed it", async () => {
    const id = await send("test/walk", { steps: 1 });
    await shop.engine.run(id, "walk");
    // As if the run's last statement had never arrived.
    await shop.rows(
      `with lost as (update jobs set status = 'running', ended_at = null, result = null where event_id = $1 returning id)
       update job_runs set status = 'running', ended_at = null from lost where job_id = lost.id`,
      [id],
    );
    await shop.app.keepHouse();
    expect(await shop.rows("select status from jobs where event_id = $1", [id])).toEqual([
      { status: "running" },
    ]);
    await shop.engine.advance("20m");
    await shop.app.keepHouse();
    expect(await shop.rows("select status, result from jobs where event_id = $1", [id])).toEqual([
      { status: "completed", result: { walked: 1 } },
    ]);
  });
});
