import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createParts, type Parts } from "#jobs/parts.ts";
import { type Part, partsRepository } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import { cancelOfParentJob, cancelOfThisJob } from "#lib/engine/flow-control.ts";
import { AppError } from "#lib/errors.ts";
import type { Platform } from "#platform.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const partRef = z.object({ parentJobId: z.string(), part: z.number().optional() });
const UNITS = 60;
const PART = 10;

/** Called before each settle; a test sets it. */
let meet = async (_part: Part, _unit: number): Promise<void> => {};
let shop: Workshop;

/** Counts to sixty: a plan of two pieces, and parts of ten units, of which five are settled at a time. */
const counting = ({ inngest, onFailure, db, clock }: Platform) => {
  const parts: Parts = createParts(partsRepository(db, clock), { stepMs: 60_000 });
  const count = async (part: Part, time: StepTime) => {
    let state = "open" as "open" | "done" | "lost";
    for (let unit = part.next; state === "open" && !time.isLate(); unit += 5) {
      await meet(part, unit);
      const [row] = await shop.rows("select count_units($1, $2, $3, $4)", [
        part.id,
        part.token,
        unit,
        clock.now(),
      ]);
      state = row["count_units"];
    }
    return state;
  };
  const eventOf = (ref: object) => ({ name: "test/count.part", data: ref });
  return [
    inngest.createFunction(
      {
        id: "count",
        triggers: [{ event: "test/count" }],
        retries: 20,
        onFailure,
        cancelOn: cancelOfThisJob("count"),
      },
      async (run) => {
        const plan = await parts.plan(run, "count", async ({ cursor }) => {
          const from = Number(cursor ?? 0);
          const ranges = Array.from({ length: UNITS / PART / 2 }, (_, n) => from + n * PART + 1);
          const end = from + UNITS / 2;
          return {
            parts: ranges.map((first) => ({ first, last: first + PART - 1, total: PART })),
            cursor: end < UNITS ? end : null,
            result: { counted: "units" },
          };
        });
        const lanes = run.event.data["lanes"];
        if (lanes === undefined) await parts.fanOut(run, plan, eventOf);
        else
          await run.step.sendEvent(
            "drain",
            Array.from({ length: lanes }, () => eventOf({ parentJobId: plan.jobId })),
          );
        return { parts: plan.parts };
      },
    ),
    inngest.createFunction(
      {
        id: "count-part",
        triggers: [{ event: "test/count.part" }],
        retries: 20,
        onFailure,
        cancelOn: cancelOfParentJob("count-part"),
        concurrency: { limit: 5, key: "event.data.parentJobId" },
      },
      ({ event, ...run }) =>
        parts.work(
          { ...run, event: { name: event.name, data: partRef.parse(event.data) } },
          { policy: "task" },
          count,
        ),
    ),
  ];
};

const jobOf = async (eventId: string) =>
  (
    await shop.rows(
      `select id, status, result, progress_done::int as done,
         (select count(*)::int from units where job_id = jobs.id) as units
       from jobs where event_id = $1`,
      [eventId],
    )
  )[0];
const start = async (data: Record<string, unknown> = {}) => {
  const id = randomUUID();
  await shop.engine.send({ id, name: "test/count", data });
  return id;
};
const ended = (id: string) =>
  shop.engine.waitFor(async () => !["running", "queued", undefined].includes((await jobOf(id))?.status), {
    within: "3d",
  });
const letters = () =>
  shop.rows("select id, event_data, attempts, error_code from dead_letter_queue where status = 'failed'");
const attempts = () =>
  shop.engine
    .runs("count-part")
    .flatMap(({ id }) => shop.engine.history(id))
    .map(({ attempt }) => attempt ?? 0);

const counted = {
  status: "completed",
  done: UNITS,
  units: UNITS,
  result: { counted: "units", total: UNITS, done: UNITS },
};

describe.each([{ checkpointing: true }, { checkpointing: false }])("fan-out into parts, with %o", (mode) => {
  beforeAll(async () => {
    shop = await workshop({ ...mode, functions: counting });
    await shop.rows("create table units (job_id uuid, unit bigint, primary key (job_id, unit))");
    await shop.rows(`
      create function count_units(p_id bigint, p_token uuid, p_from bigint, p_now timestamptz)
      returns text language plpgsql as $$
      declare v_answer text := private.hold_part(p_id, p_token, p_from);
      begin
        if v_answer is null then
          insert into units select job_id, unit from job_parts, generate_series(p_from, p_from + 4) as unit where id = p_id;
          v_answer := private.settle_part(p_id, p_token, '{"done": 5}', p_from + 5, p_now);
        end if;
        return v_answer;
      end $$`);
  });
  afterAll(() => shop.close());
  beforeEach(async () => {
    meet = async () => {};
    await shop.rows("delete from dead_letter_queue");
  });

  test("settles each unit once and ends the job, with two executions per part", async () => {
    const before = shop.engine.usage().executions;
    const id = await start();
    await ended(id);
    await shop.engine.idle();
    expect(await jobOf(id)).toMatchObject(counted);
    // The planner's run with its two steps, and run and step of each part.
    expect(shop.engine.usage().executions - before).toBeLessThanOrEqual(3 + 2 * (UNITS / PART));
  });

  test("can be limited to two lanes, which take one part after another with two executions per lane", async () => {
    const before = shop.engine.usage().executions;
    const id = await start({ lanes: 2 });
    await ended(id);
    await shop.engine.idle();
    expect(await jobOf(id)).toMatchObject(counted);
    expect(shop.engine.usage().executions - before).toBeLessThanOrEqual(3 + 2 * 2);
  });

  test("survives lost answers of the planner and of the parts", async () => {
    shop.engine.faults.dropAnswer({ functionId: "count", times: 2 });
    shop.engine.faults.dropAnswer({ functionId: "count-part", times: 4 });
    const id = await start();
    await ended(id);
    expect(await jobOf(id)).toMatchObject(counted);
    expect(await letters()).toEqual([]);
  });

  test("survives crashes between two settles, and a database outage of an hour", async () => {
    let deaths = 0;
    meet = async (_, unit) => {
      if (unit % PART === 6 && deaths++ < 4) throw new Error("killed");
    };
    const id = await start();
    await shop.engine.idle();
    shop.down.database = true;
    await shop.engine.advance("1h");
    shop.down.database = false;
    await ended(id);
    expect(await jobOf(id)).toMatchObject(counted);
    expect(await letters()).toEqual([]);
  });

  test("writes nothing with a claim that another run has taken over", async () => {
    let isFirst = true;
    meet = async (part) => {
      if (!isFirst) return;
      isFirst = false;
      // The run hangs longer than its lease, and another run claims the part.
      await shop.rows("update job_parts set lease_expires_at = '2020-01-01' where id = $1", [part.id]);
      const [{ claim }] = await shop.rows(
        "select private.claim_part(job_id, part_no, 'another', 60000, $2) as claim from job_parts where id = $1",
        [part.id, shop.engine.clock.now()],
      );
      expect(claim).toMatchObject({ state: "claimed" });
    };
    const id = await start();
    await ended(id);
    expect(await jobOf(id)).toMatchObject(counted);
  });

  test("waits as long as the provider asks, without using up a retry", async () => {
    let asked = 0;
    meet = async ({ part }) => {
      if (part === 2 && asked++ < 3)
        throw new AppError("provider_rate_limited", "slowly", { retryAfterMs: 30 * 60_000 });
    };
    const id = await start();
    const triesBefore = attempts().length;
    await shop.engine.idle();
    const [waiting] = await shop.rows(
      "select status, waiting_until from job_parts where job_id = $1 and part_no = 2",
      [(await jobOf(id)).id],
    );
    expect(waiting).toEqual({
      status: "pending",
      waiting_until: new Date(shop.engine.clock.now().getTime() + 30 * 60_000),
    });
    await ended(id);
    expect(await jobOf(id)).toMatchObject(counted);
    expect(Math.max(...attempts().slice(triesBefore))).toBe(0);
  });

  test("retries a provider error by its policy, then leaves a dead letter whose reprocess completes the job", async () => {
    let tries = 0;
    meet = async ({ part }) => {
      if (part === 2 && tries++ < 5) throw new AppError("provider_unavailable", "down");
    };
    const id = await start();
    await shop.engine.waitFor(async () => (await letters()).length > 0);
    expect(tries).toBe(5);
    const { id: jobId } = await jobOf(id);
    expect(await letters()).toMatchObject([
      { event_data: { parentJobId: jobId, part: 2 }, error_code: "provider_unavailable" },
    ]);
    await shop.engine.idle();
    expect(await jobOf(id)).toMatchObject({ status: "running", done: UNITS - PART });
    const [{ id: letter }] = await letters();
    await shop.call("POST", `/api/dead-letters/${letter}/reprocess`);
    await ended(id);
    expect(await jobOf(id)).toMatchObject(counted);
  });

  test("completes without a part whose dead letter is ignored", async () => {
    meet = async ({ part }, unit) => {
      if (part === 2 && unit > 11) throw new AppError("provider_rejected", "no");
    };
    const id = await start();
    await shop.engine.waitFor(async () => (await letters()).length > 0);
    const [{ id: letter }] = await letters();
    await shop.call("POST", `/api/dead-letters/${letter}/ignore`, { note: "not worth it" });
    await ended(id);
    expect(await jobOf(id)).toMatchObject({
      status: "completed",
      done: UNITS,
      units: UNITS - 5,
      result: { done: 55, skipped: 5 },
    });
  });

  test("stops when its job is canceled", async () => {
    meet = async ({ part }) => {
      if (part > 1) throw new AppError("provider_rate_limited", "slowly", { retryAfterMs: 60_000 });
    };
    const id = await start();
    await shop.engine.idle();
    const { id: jobId } = await jobOf(id);
    meet = async () => {};
    await shop.call("DELETE", `/api/jobs/${jobId}`);
    await shop.engine.advance("1h");
    expect(await jobOf(id)).toMatchObject({ status: "canceled", units: PART });
  });
});
