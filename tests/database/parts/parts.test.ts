import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { type PartsLedger, partsLedger } from "./ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

async function claimed(jobId: string, claimant: string, part?: number) {
  const claim = await ledger.claim(jobId, claimant, part);
  if (claim.state !== "claimed") throw new Error(`The part is ${claim.state}`);
  return claim;
}

describe("a plan", () => {
  const piece = (first: number, cursor: number | null) => ({
    parts: [{ first, last: first + 9, total: 10, bounds: { bytes: first * 100 } }],
    cursor,
  });

  test("grows piece by piece, and a repeated piece changes nothing", async () => {
    const { jobId, run } = await ledger.job();
    expect(await ledger.parts.open(run.eventId, "walk")).toMatchObject({
      cursor: null,
      parts: 0,
      planned: false,
    });
    const first = await ledger.parts.add(jobId, null, piece(1, 11));
    expect(first).toEqual({ jobId, planned: false, cursor: 11, parts: 1, total: 10 });
    expect(await ledger.parts.add(jobId, null, piece(1, 11))).toEqual(first);
    const last = await ledger.parts.add(jobId, 11, { ...piece(11, null), result: { file: "a.csv" } });
    expect(last).toMatchObject({ planned: true, parts: 2, total: 20 });
    expect(await ledger.parts.add(jobId, 11, piece(11, null))).toEqual(last);
    expect(await claimed(jobId, "run-1", 2)).toMatchObject({
      first: 11,
      last: 20,
      next: 11,
      bounds: { bytes: 1100 },
    });
    expect(await ledger.view(jobId)).toMatchObject({ done: 0, total: 20, status: "running" });
  });

  test("that has no parts ends its job at once", async () => {
    const { jobId } = await ledger.job([]);
    expect(await ledger.view(jobId)).toMatchObject({ status: "completed", result: { total: 0 }, ends: 1 });
  });

  test("that is incomplete keeps its job open, even when all its parts so far are done", async () => {
    const { jobId } = await ledger.job();
    await ledger.parts.add(jobId, null, piece(1, 11));
    const part = await claimed(jobId, "run-1", 1);
    expect(await ledger.settle(jobId, part, 1, 10)).toBe("done");
    expect(await ledger.claim(jobId, "run-1")).toMatchObject({ state: "busy" });
    expect(await ledger.view(jobId)).toMatchObject({ status: "running", done: 10, total: 10 });
    await ledger.parts.add(jobId, 11, { parts: [], cursor: null });
    expect(await ledger.view(jobId)).toMatchObject({
      status: "completed",
      ends: 1,
      result: { total: 10, done: 10 },
    });
  });

  test("is taken over by the job of a reprocess: settled parts stay done, dead parts become pending", async () => {
    const { jobId, run } = await ledger.job([10, 10]);
    expect(await ledger.settle(jobId, await claimed(jobId, "run-1", 1), 1, 10)).toBe("done");
    await ledger.fail(jobId, 2, "run-2");
    const letterId = await ledger.rows(
      "select record_dead_letter($1, $2) as id",
      JSON.stringify({ ...run, error: { message: "x" }, fingerprint: "f" }),
      ledger.now(),
    );
    const heir = randomUUID();
    await ledger.rows("select reprocess_dead_letter($1, $2, 'ann', $3)", letterId[0].id, heir, ledger.now());
    expect(await ledger.parts.open(heir, "walk")).toMatchObject({
      jobId: heir,
      planned: true,
      parts: 2,
      total: 20,
    });
    expect(await ledger.statuses(heir)).toEqual(["done", "pending"]);
    expect(await ledger.claim(jobId, "run-3", 2)).toEqual({ state: "gone" });
    expect(await ledger.settle(heir, await claimed(heir, "run-3", 2), 11, 20)).toBe("done");
    expect(await ledger.view(heir)).toMatchObject({ status: "completed", result: { done: 20 } });
  });
});

describe("a claim", () => {
  test("is exclusive until its lease ends, and a retry of the same run gets it back with a new token", async () => {
    const { jobId } = await ledger.job([10]);
    const first = await claimed(jobId, "run-1", 1);
    expect(await ledger.claim(jobId, "run-2", 1)).toEqual({ state: "busy", waitMs: 60_000 });
    const again = await claimed(jobId, "run-1", 1);
    expect(again).toMatchObject({ id: first.id, attempts: 2 });
    expect(again.token).not.toBe(first.token);
    ledger.later(60_001);
    expect((await claimed(jobId, "run-2", 1)).token).not.toBe(again.token);
  });

  test("that names no part gets the run's own part or the next free one, never one that another run holds", async () => {
    const { jobId } = await ledger.job([1, 1]);
    expect(await claimed(jobId, "run-1")).toMatchObject({ part: 1 });
    expect(await claimed(jobId, "run-2")).toMatchObject({ part: 2 });
    expect(await claimed(jobId, "run-2")).toMatchObject({ part: 2 });
    expect(await ledger.claim(jobId, "run-3")).toEqual({ state: "done" });
    await ledger.settle(jobId, await claimed(jobId, "run-1"), 1, 1);
    ledger.later(60_001);
    expect(await claimed(jobId, "run-3")).toMatchObject({ part: 2 });
  });

  test("by many runs at once gives each run a different part", async () => {
    const { jobId } = await ledger.job(Array.from({ length: 8 }, () => 1));
    const claims = await Promise.all(Array.from({ length: 12 }, (_, n) => ledger.claim(jobId, `run-${n}`)));
    const parts = claims.flatMap((claim) => (claim.state === "claimed" ? [claim.part] : []));
    expect(new Set(parts).size).toBe(parts.length);
    // A claim that finds every free row locked is told to come back.
    for (let n = 0; n < 12; n++) await ledger.claim(jobId, `run-${n}`);
    const left = await ledger.rows("select from job_parts where job_id = $1 and status = 'pending'", jobId);
    expect(left).toEqual([]);
  });

  test("reports a canceled job as ended, and an unknown part as not found", async () => {
    const { jobId } = await ledger.job([1]);
    await expect(ledger.claim(jobId, "run-1", 2)).rejects.toMatchObject({ code: "not_found" });
    await ledger.jobs.cancel(jobId, null, "ann");
    expect(await ledger.claim(jobId, "run-1", 1)).toEqual({ state: "ended" });
  });
});

describe("a release", () => {
  test("frees the part at once, and failures are counted per run since the last settled unit", async () => {
    const { jobId } = await ledger.job([10]);
    const meetTrouble = async (claimant: string) =>
      ledger.parts.release(await claimed(jobId, claimant, 1), { isProviderFailure: true });
    expect([await meetTrouble("run-1"), await meetTrouble("run-1")]).toEqual([1, 2]);
    expect(await meetTrouble("run-2")).toBe(1);
    expect(await meetTrouble("run-1")).toBe(1);
    await ledger.settle(jobId, await claimed(jobId, "run-1", 1), 1, 5);
    expect(await meetTrouble("run-1")).toBe(1);
    await ledger.parts.release(await claimed(jobId, "run-1", 1), { isProviderFailure: false, waitMs: 1000 });
    const [part] = await ledger.rows("select status, waiting_until from job_parts where job_id = $1", jobId);
    expect(part).toEqual({ status: "pending", waiting_until: new Date(ledger.now().getTime() + 1000) });
    expect(await ledger.view(jobId)).toMatchObject({ done: 5, total: 10 });
  });

  test("sets the waiting time of the job to its earliest part, and only while no part is in progress", async () => {
    const { jobId } = await ledger.job([1, 1, 1]);
    const waitingUntil = async () => {
      const until = (await ledger.jobs.get(jobId, null))?.waitingUntil;
      return until && Date.parse(until) - ledger.now().getTime();
    };
    const [first, second] = [await claimed(jobId, "run-1", 1), await claimed(jobId, "run-2", 2)];
    await ledger.parts.release(first, { isProviderFailure: false, waitMs: 90_000 });
    expect(await waitingUntil()).toBeNull();
    await ledger.parts.release(second, { isProviderFailure: false, waitMs: 60_000 });
    expect(await waitingUntil()).toBe(60_000);
    await claimed(jobId, "run-3", 3);
    expect(await waitingUntil()).toBeNull();
    await ledger.jobs.cancel(jobId, null, "ann");
    expect(await waitingUntil()).toBeNull();
  });

  test("because of an error makes the job say which, until something is settled after it", async () => {
    const { jobId } = await ledger.job([10, 10]);
    const details = () => ledger.jobs.get(jobId, null);
    const shown = async () => (await details())?.lastError;
    const part = await claimed(jobId, "run-1", 1);
    const error = new AppError("provider_unavailable", "no\0 answer");
    await ledger.parts.release(part, { isProviderFailure: true, error });
    await ledger.parts.release(part, { isProviderFailure: false, waitMs: 60_000 });
    const said = { code: "provider_unavailable", message: "no\uFFFD answer" };
    expect(await shown()).toEqual(said);
    const again = await claimed(jobId, "run-1", 1);
    expect(await shown()).toEqual(said);
    await ledger.settle(jobId, again, 1, 4);
    expect(await shown()).toBeNull();
    await ledger.parts.release(again, { isProviderFailure: true, error });
    await ledger.jobs.cancel(jobId, null, "ann");
    expect(await shown()).toBeNull();
  });

  test("with a lost claim changes nothing", async () => {
    const { jobId } = await ledger.job([10]);
    const zombie = await claimed(jobId, "run-1", 1);
    await claimed(jobId, "run-1", 1);
    await ledger.parts.release(zombie, { isProviderFailure: true });
    expect(await ledger.statuses(jobId)).toEqual(["claimed"]);
  });
});

describe("a settle", () => {
  test("adds exactly what changed, however often it is repeated", async () => {
    const { jobId } = await ledger.job([10, 5]);
    const part = await claimed(jobId, "run-1", 1);
    ledger.later(500);
    expect(await ledger.settle(jobId, part, 1, 4)).toBe("open");
    expect(await ledger.settle(jobId, part, 1, 4)).toBe("open");
    expect(await claimed(jobId, "run-1", 1)).toMatchObject({ next: 5, settled: 4 });
    expect(await ledger.view(jobId)).toMatchObject({ done: 4, units: 4 });
    const again = await claimed(jobId, "run-1", 1);
    expect(await ledger.settle(jobId, again, 5, 10)).toBe("done");
    expect(await ledger.settle(jobId, again, 5, 10)).toBe("done");
    expect(await ledger.view(jobId)).toMatchObject({ done: 10, units: 10, status: "running" });
  });

  test("with a lost claim writes nothing", async () => {
    const { jobId } = await ledger.job([10]);
    const zombie = await claimed(jobId, "run-1", 1);
    ledger.later(60_001);
    await claimed(jobId, "run-2", 1);
    expect(await ledger.settle(jobId, zombie, 1, 10)).toBe("lost");
    expect(await ledger.view(jobId)).toMatchObject({ units: 0, status: "running" });
  });

  test("cannot count more units than the part has", async () => {
    const { jobId } = await ledger.job([10]);
    const part = await claimed(jobId, "run-1", 1);
    await expect(
      ledger.rows("select private.settle_part($1, $2, '{\"done\": 11}', null, now())", part.id, part.token),
    ).rejects.toThrow("job_parts_settle_each_unit_once");
  });

  test("of all counted units leaves a part open that works in order and has not reached its end", async () => {
    const { jobId, run } = await ledger.job([10]);
    const { id, token } = await claimed(jobId, "run-1", 1);
    const settle = async (count: number, next: number) =>
      (
        await ledger.rows(
          "select private.settle_part($1, $2, jsonb_build_object('done', $3::int), $4, now()) as answer",
          id,
          token,
          count,
          next,
        )
      )[0].answer;
    expect(await settle(10, 6)).toBe("open");
    await ledger.rows("select private.report_progress_of_parts($1, interval '0', now())", jobId);
    // Another run continues, for example after a pause.
    await ledger.jobs.finishRun(run, {});
    expect(await ledger.view(jobId)).toMatchObject({ status: "running", done: 10, total: 10 });
    await ledger.rows("select private.grow_part($1, 3)", id);
    expect(await settle(3, 11)).toBe("done");
    expect(await ledger.view(jobId)).toMatchObject({
      status: "completed",
      done: 13,
      total: 13,
      result: { done: 13, total: 13 },
    });
  });

  test("of the last units ends the job once, even when the last parts settle at the same moment", async () => {
    for (let round = 0; round < 10; round++) {
      const { jobId } = await ledger.job([3, 3, 3, 3]);
      const parts = [];
      for (const n of [1, 2, 3, 4]) parts.push(await claimed(jobId, `run-${n}`, n));
      const answers = await Promise.all(
        parts.map((part) => ledger.settle(jobId, part, part.first, part.last)),
      );
      expect(answers).toEqual(["done", "done", "done", "done"]);
      expect(await ledger.view(jobId)).toMatchObject({
        status: "completed",
        ends: 1,
        done: 12,
        total: 12,
        result: { total: 12, done: 12 },
      });
    }
  });

  test("waits neither for the settle of another part nor for a lock on the job", async () => {
    const { jobId } = await ledger.job([10, 10]);
    const [one, two] = [await claimed(jobId, "run-1", 1), await claimed(jobId, "run-2", 2)];
    const other = await ledger.db.sql.connect();
    try {
      await other.query("begin");
      await other.query("select settle_units($1, $2, $3, 1, 5, $4)", [
        one.id,
        one.token,
        jobId,
        ledger.now(),
      ]);
      await other.query("select from jobs where id = $1 for update", [jobId]);
      expect(await ledger.settle(jobId, two, 11, 15)).toBe("open");
    } finally {
      await other.query("rollback");
      other.release();
    }
  });

  test("up to the end of the range counts missing units as skipped", async () => {
    const { jobId } = await ledger.job([10]);
    const { id, token } = await claimed(jobId, "run-1", 1);
    await ledger.rows("select private.settle_part($1, $2, '{\"done\": 7}', 11, $3)", id, token, ledger.now());
    expect(await ledger.view(jobId)).toMatchObject({ status: "completed", result: { done: 7, skipped: 3 } });
  });
});

describe("a room whose rows are the whole work", () => {
  const hold = "select private.hold_part_of_open_job($1, $2, null) as answer";
  const answer = async ({ id, token }: { id: number; token: string }) =>
    (await ledger.rows(hold, id, token))[0].answer;

  test.each(["canceled", "skipped", "failed"])("writes nothing after its job is %s", async (status) => {
    const { jobId } = await ledger.job([10]);
    const part = await claimed(jobId, "run-1", 1);
    expect(await answer(part)).toBeNull();
    await ledger.rows("select private.end_job($1, $2, null, '{}', $3)", jobId, status, ledger.now());
    expect(await answer(part)).toBe("done");
  });

  test("has its rows counted by a cancel, which waits for them", async () => {
    const { jobId } = await ledger.job([10]);
    const { id, token } = await claimed(jobId, "run-1", 1);
    const writer = await ledger.db.sql.connect();
    await writer.query("begin");
    await writer.query(hold, [id, token]);
    let isCanceled = false;
    const canceled = ledger.jobs.cancel(jobId, null, "ann").then(() => {
      isCanceled = true;
    });
    const waiting = async () =>
      (await ledger.rows("select from pg_locks where not granted and transactionid is not null")).length > 0;
    // Ends by the cancel or by its wait.
    while (!isCanceled && !(await waiting())) await ledger.rows("select pg_sleep(0.02)");
    const wasCanceled = isCanceled;
    await writer.query("commit");
    writer.release();
    await canceled;
    expect(wasCanceled).toBe(false);
  });
});

describe("a part that failed for good", () => {
  test("is dead until its dead letter is reprocessed", async () => {
    const { jobId } = await ledger.job([10, 10]);
    await claimed(jobId, "run-1", 1);
    const letter = await ledger.fail(jobId, 1, "run-1");
    expect(await ledger.statuses(jobId)).toEqual(["dead", "pending"]);
    expect(await claimed(jobId, "run-2")).toMatchObject({ part: 2 });
    await ledger.rows("select reprocess_dead_letter($1, $2, 'ann', $3)", letter, randomUUID(), ledger.now());
    expect(await ledger.statuses(jobId)).toEqual(["pending", "claimed"]);
  });

  test("is found by its claimant when the event names no part", async () => {
    const { jobId } = await ledger.job([10, 10]);
    await claimed(jobId, "run-1");
    await claimed(jobId, "run-2");
    await ledger.fail(jobId, undefined, "run-2");
    expect(await ledger.statuses(jobId)).toEqual(["claimed", "dead"]);
  });

  test("keeps its claim when another run has claimed it since", async () => {
    const { jobId } = await ledger.job([10]);
    await claimed(jobId, "run-1", 1);
    ledger.later(60_001);
    await claimed(jobId, "run-2", 1);
    const letter = await ledger.fail(jobId, 1, "run-1");
    expect(await ledger.statuses(jobId)).toEqual(["claimed"]);
    await ledger.ignore(letter);
    expect(await ledger.statuses(jobId)).toEqual(["claimed"]);
  });

  test("is skipped when its dead letter is ignored, and the job ends without its remaining units", async () => {
    const { jobId } = await ledger.job([10, 10]);
    await ledger.settle(jobId, await claimed(jobId, "run-2", 2), 11, 20);
    const zombie = await claimed(jobId, "run-1", 1);
    await ledger.settle(jobId, zombie, 1, 4);
    await ledger.ignore(await ledger.fail(jobId, 1, "run-1"));
    expect(await ledger.view(jobId)).toMatchObject({
      status: "completed",
      ends: 1,
      done: 20,
      result: { total: 20, done: 14, skipped: 6 },
    });
    expect(await ledger.settle(jobId, zombie, 5, 10)).toBe("done");
    expect(await ledger.view(jobId)).toMatchObject({ units: 14 });
  });

  test("a dead letter with no part or an invalid one is stored and can be ignored", async () => {
    for (const eventData of [
      { parentJobId: "x", part: 1 },
      { parentJobId: randomUUID(), part: "12345678901" },
      {},
    ]) {
      const [{ id }] = await ledger.rows(
        "select record_dead_letter($1, $2) as id",
        JSON.stringify({
          eventId: randomUUID(),
          eventName: "e",
          eventData,
          functionId: "f",
          runId: randomUUID(),
          error: { message: "x" },
          fingerprint: "f",
        }),
        ledger.now(),
      );
      await ledger.ignore(id);
    }
  });
});
