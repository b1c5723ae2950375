/**
 * The job ledger on an engine behind HTTP: each way to start work makes one tracked job, and a cancel stops it. The
 * test kit proves the same on its virtual clock (tests/workflows/roads-in, tracking); this file also runs against the
 * real server.
 */
import { randomUUID } from "node:crypto";
import { cron, eventType } from "inngest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { cancelOfThisJob } from "#lib/engine/flow-control.ts";
import type { Platform } from "#platform.ts";
import { EngineClient } from "./support/engine-client.ts";
import { type LedgerHouse, openLedgerHouse } from "./support/ledger-house.ts";
import { engineSuite } from "./support/suite.ts";
import { eventually } from "./support/wait.ts";

const { engine, start } = await engineSuite();
const api = new EngineClient(engine.url);
/** The real server's API has a run, and can rerun it, only about fifteen seconds after it ran. */
const PATIENCE = { timeoutMs: 100_000 };

const greet = eventType("ledger/greet", { schema: z.object({ name: z.string() }) });
const walk = eventType("ledger/walk", { schema: z.object({ steps: z.int() }) });
/** Names for which the greeting fails. */
const strangers = new Set<string>();
const walked: string[] = [];

const functions = ({ inngest, onFailure }: Platform) => [
  inngest.createFunction(
    { id: "greet", triggers: [greet], retries: 1, onFailure },
    async ({ event, step }) => {
      const { name } = event.data;
      await step.run("meet", () => {
        if (strangers.has(name)) throw new Error(`no greeting for ${name}`);
      });
      return { greeted: name };
    },
  ),
  inngest.createFunction(
    { id: "greet-in-parallel", triggers: [{ event: "ledger/parallel" }], retries: 0, onFailure },
    async ({ step }) => Promise.all([1, 2, 3].map((n) => step.run(`p${n}`, () => n))),
  ),
  inngest.createFunction(
    { id: "walk", triggers: [walk], retries: 0, onFailure, cancelOn: cancelOfThisJob("walk") },
    async ({ event, step }) => {
      for (let n = 1; n <= event.data.steps; n++) {
        await step.run(`step-${n}`, () => void walked.push(`${event.id} ${n}`));
        await step.sleep(`rest-${n}`, "1h");
      }
    },
  ),
  inngest.createFunction(
    { id: "tick", triggers: [cron("* * * * *")], retries: 0, onFailure },
    async ({ step }) => step.run("tick", () => "tock"),
  ),
  inngest.createFunction(
    { id: "miss-tick", triggers: [cron("* * * * *")], retries: 0, onFailure },
    async ({ step }) =>
      step.run("tick", () => {
        throw new Error("no tock");
      }),
  ),
];

let house: LedgerHouse;
beforeAll(async () => {
  house = await openLedgerHouse(engine.url, functions);
});
afterAll(() => house.close());

type Row = Awaited<ReturnType<LedgerHouse["rows"]>>[number];

/** The jobs of an event, once they match. */
const jobsOf = (eventId: string, isWanted: (job: Row) => boolean): Promise<Row[]> => {
  let last: Row[] = [];
  return eventually(
    `the job of ${eventId}`,
    async () => {
      last = await house.rows("select * from jobs where event_id = $1", [eventId]);
      return last.length > 0 && last.every(isWanted) && last;
    },
    { ...PATIENCE, seen: () => last },
  );
};
const hasEnded = (job: Row) => job["ended_at"] !== null;
const details = async (job: Row) =>
  (await house.call("GET", `/api/jobs/${job?.["id"]}`, { as: "admin" })).body;
const types = (timeline: { type: string }[]) => timeline.map(({ type }) => type);

const letterOf = (eventId: string, isWanted: (letter: Row) => boolean = () => true): Promise<Row> => {
  let last: Row[] = [];
  return eventually(
    `the letter of ${eventId}`,
    async () => {
      last = await house.rows("select * from dead_letter_queue where event_id = $1", [eventId]);
      return last.length === 1 && last.find(isWanted);
    },
    { ...PATIENCE, seen: () => last },
  );
};

/** Sends an event that fails for good; returns its id and its dead letter. */
async function failing(name: string) {
  strangers.add(name);
  const eventId = randomUUID();
  await api.send({ id: eventId, name: "ledger/greet", data: { name } });
  const letter = await letterOf(eventId);
  strangers.delete(name);
  return { eventId, letter };
}

/** A job as a route accepts it, whose id is its event's id. Any flush of the outbox may send it. */
const accept = (id: string) =>
  `select private.insert_job('{"id": "${id}", "owner": "operator", "requester": "test", "functionId": "walk",
    "event": "ledger/walk", "data": {"steps": 2}}', now())`;
const sendWalk = (id: string) => api.send({ id, name: "ledger/walk", data: { steps: 2 } });
const walking = (id: string) =>
  eventually("the first step", () => walked.some((line) => line.startsWith(id)), PATIENCE);

describe.each([{ checkpointing: true }, { checkpointing: false }])("with %o", ({ checkpointing }) => {
  beforeAll(() => house.serve(checkpointing));

  describe.concurrent("each way to start work makes one tracked job", () => {
    test("HTTP request", async () => {
      const as = "ann";
      const list = await house.call("POST", "/api/lists", { as, body: { name: "People" } });
      const people = Array.from({ length: 30 }, (_, n) => ({ email: `p${n}@example.com` }));
      await house.call("POST", `/api/lists/${list.body.id}/subscribers`, { as, body: people });
      const campaign = await house.call("POST", "/api/campaigns", {
        as,
        body: { listId: list.body.id, subject: "News", text: "Hello", from: "Ada <ada@example.com>" },
      });
      const { status, body } = await house.call("POST", `/api/campaigns/${campaign.body.id}/send`, { as });
      expect(status).toBe(202);
      const [job, ...others] = await jobsOf(body.jobId, hasEnded);
      expect(others).toEqual([]);
      expect(job).toMatchObject({ id: body.jobId, status: "completed", progress_done: "30" });
      expect((await details(job)).runs).toMatchObject([{ status: "completed", attempts: 1 }]);
      const { counts } = (await house.call("GET", `/api/campaigns/${campaign.body.id}`, { as })).body;
      expect(counts).toMatchObject({ recipients: 30, sent: 30 });
    });

    test("inngest.send by app code", async () => {
      const { ids } = await house.app.inngest.send(greet.create({ name: "Ada" }));
      const [job, ...others] = await jobsOf(String(ids[0]), hasEnded);
      expect(others).toEqual([]);
      expect(job).toMatchObject({
        kind: "greet",
        status: "completed",
        event_name: "ledger/greet",
        requester: "event",
        result: { greeted: "Ada" },
      });
      const { runs, timeline } = await details(job);
      expect(runs).toMatchObject([{ status: "completed", attempts: 1 }]);
      expect(types(timeline)).toEqual(["accepted", "running", "completed"]);
    });

    test("parallel steps: one run with one begin and one end", async () => {
      const eventId = await api.send({ name: "ledger/parallel", data: {} });
      const [job] = await jobsOf(eventId, hasEnded);
      expect(job).toMatchObject({ status: "completed", result: [1, 2, 3] });
      const { runs, timeline } = await details(job);
      expect(runs).toHaveLength(1);
      expect(types(timeline)).toEqual(["accepted", "running", "completed"]);
    });

    test("replay of a failed run: a new run of the same job, which settles its dead letter", async () => {
      const { eventId, letter } = await failing(`Bob ${checkpointing}`);
      expect(letter).toMatchObject({ status: "failed", function_id: "greet", attempts: 2 });
      await eventually(
        "the replay taken",
        async () => (await api.request("POST", `/api/v2/runs/${letter["run_id"]}/rerun`, {})).status < 300,
        PATIENCE,
      );
      const [job, ...others] = await jobsOf(eventId, ({ status }) => status === "completed");
      expect(others).toEqual([]);
      expect(job).toMatchObject({ error: null, result: { greeted: `Bob ${checkpointing}` } });
      const { runs } = await details(job);
      expect(runs).toMatchObject([{ status: "failed", attempts: 2 }, { status: "completed" }]);
      expect(await letterOf(eventId)).toMatchObject({
        status: "reprocessed",
        outcome: "completed",
        handled_by: "replay",
      });
    });

    test("reprocess of a dead letter, requested several times at once", async () => {
      const { eventId, letter } = await failing(`Eve ${checkpointing}`);
      const reprocess = () =>
        house.call("POST", `/api/dead-letters/${letter["id"]}/reprocess`, { as: "admin" });
      const answers = await Promise.all(Array.from({ length: 10 }, reprocess));
      const taken = answers.filter(({ status }) => status === 202);
      expect(taken).toHaveLength(1);
      const [job] = await jobsOf(taken[0]?.body.jobId, hasEnded);
      expect(job).toMatchObject({
        status: "completed",
        parent_job_id: letter["job_id"],
        dead_letter_id: letter["id"],
      });
      expect(await letterOf(eventId)).toMatchObject({ status: "reprocessed", outcome: "completed" });
    });
  });

  describe.concurrent("a cancel", () => {
    test("stops a running job at its next step, and the engine's cancel event ends the run in the ledger", async () => {
      const id = randomUUID();
      await house.rows(accept(id));
      await sendWalk(id);
      await walking(id);
      expect((await house.call("DELETE", `/api/jobs/${id}`, { as: "admin" })).status).toBe(202);
      const runs = await eventually(
        "the run ended",
        async () => {
          const rows = await house.rows("select * from job_runs where job_id = $1", [id]);
          return rows.every(hasEnded) && rows;
        },
        PATIENCE,
      );
      expect(runs).toMatchObject([{ status: "canceled" }]);
      expect(await jobsOf(id, hasEnded)).toMatchObject([{ status: "canceled" }]);
      expect(walked.filter((line) => line.startsWith(id))).toHaveLength(1);
    });

    test("before the job began prevents it from beginning", async () => {
      const id = randomUUID();
      // In one transaction, so that the job cannot be sent in between.
      await house.rows(`${accept(id)}; select cancel_job('${id}', null, 'test', now())`);
      await sendWalk(id);
      // Sent later and already ended: by now the engine has certainly called the canceled one.
      const { ids } = await house.app.inngest.send(greet.create({ name: "Zoe" }));
      await jobsOf(String(ids[0]), hasEnded);
      expect(walked.filter((line) => line.startsWith(id))).toEqual([]);
      expect(await jobsOf(id, hasEnded)).toMatchObject([{ status: "canceled" }]);
    });

    test("in the engine itself ends the job", async () => {
      const eventId = randomUUID();
      await sendWalk(eventId);
      await walking(eventId);
      const [job] = await jobsOf(eventId, ({ status }) => status === "running");
      const [run] = await house.rows("select run_id from job_runs where job_id = $1", [job?.["id"]]);
      expect((await api.cancel(run.run_id)).status).toBeLessThan(300);
      expect(await jobsOf(eventId, hasEnded)).toMatchObject([{ status: "canceled" }]);
    });
  });
});

// Without a virtual clock a test can only wait for the next run; roads-in.test.ts moves the clock.
test.runIf(engine.isReal)("a scheduled run makes one job, and a dead letter when it fails", async () => {
  const ticks = await eventually(
    "both ticks",
    async () => {
      const rows = await house.rows(
        "select * from jobs where event_name = $1 order by function_id, created_at",
        ["inngest/scheduled.timer"],
      );
      const ended = ["miss-tick", "tick"].map((id) =>
        rows.find((job) => job.function_id === id && hasEnded(job)),
      );
      return ended.every((job) => job !== undefined) && ended;
    },
    PATIENCE,
  );
  expect(ticks).toMatchObject([
    { status: "failed", requester: "schedule" },
    { status: "completed", requester: "schedule", result: "tock" },
  ]);
  expect(await letterOf(ticks[0]?.event_id)).toMatchObject({
    function_id: "miss-tick",
    job_id: ticks[0]?.id,
  });
});

test("a failure in another app of the same engine makes no dead letter here", async () => {
  const other = await start(({ inngest, on }) => [
    inngest.createFunction({ id: "theirs", retries: 0, triggers: [on("go")] }, () => {
      throw new Error("not ours");
    }),
  ]);
  const eventId = await other.send("go");
  await other.outcome(eventId);
  // The engine reported their end before ours began to fail.
  await failing("Mallory");
  expect(
    await house.rows("select function_id from dead_letter_queue where event_id = $1", [eventId]),
  ).toEqual([]);
});
