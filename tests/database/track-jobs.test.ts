import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jobRepository } from "#jobs/repository.ts";
import { systemClock } from "#lib/clock.ts";
import { createDatabase } from "#lib/database/client.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
let jobs: ReturnType<typeof jobRepository>;
beforeAll(async () => {
  db = await freshDatabase();
  jobs = jobRepository(createDatabase(db.env, db.fetch), systemClock);
});
afterAll(() => db.close());

const begin = (extra: Partial<Parameters<typeof jobs.startRun>[0]> = {}) => {
  const run = {
    eventId: randomUUID(),
    eventName: "test/walk",
    eventData: {},
    functionId: "walk",
    runId: randomUUID(),
    attempt: 0,
    parentJobId: undefined,
    ...extra,
  };
  return jobs.startRun(run).then((started) => ({ run, started, jobId: String(started.jobId) }));
};
const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
const statusOf = async (jobId: string) =>
  (await sql("select status from jobs where id = $1", jobId))[0].status;

test("ten simultaneous starts of one run create one job and one run", async () => {
  const eventId = randomUUID();
  const runId = randomUUID();
  await Promise.all(Array.from({ length: 10 }, () => begin({ eventId, runId })));
  expect(await sql("select * from jobs where event_id = $1", eventId)).toHaveLength(1);
  expect(await sql("select * from job_runs where run_id = $1", runId)).toHaveLength(1);
});

test("an event that two functions handle gets one job per function", async () => {
  const eventId = randomUUID();
  await begin({ eventId });
  await begin({ eventId, functionId: "run" });
  expect(await sql("select * from jobs where event_id = $1", eventId)).toHaveLength(2);
});

describe("fan-out", () => {
  test("a fan-out run adds no job of its own and belongs to the job of its parent", async () => {
    const parent = await begin();
    const { started } = await begin({ parentJobId: parent.jobId });
    expect(started).toEqual({ tracked: false, jobId: parent.jobId, canceled: false, skip: false });
  });

  test("a fan-out run whose parent job was canceled is told so when it starts", async () => {
    const parent = await begin();
    await jobs.cancel(parent.jobId, null, "key:x");
    const { started } = await begin({ parentJobId: parent.jobId });
    expect(started.canceled).toBe(true);
  });

  test("a parent job stays running after its own run has returned, until its fanned-out work is complete", async () => {
    const { run, jobId } = await begin();
    await sql("select private.advance_job($1, 0, 3, now())", jobId);
    await jobs.finishRun(run, { chunks: 3 });
    expect(await statusOf(jobId)).toBe("running");
    await sql("select private.advance_job($1, 3, 3, now())", jobId);
    await sql("select private.end_job($1, 'completed', null, null, now())", jobId);
    expect(await sql("select status, result from jobs where id = $1", jobId)).toEqual([
      { status: "completed", result: { chunks: 3 } },
    ]);
  });
});

describe("progress", () => {
  test("S3-10: the progress of a job only moves forward and never exceeds its total", async () => {
    const { jobId } = await begin();
    const report = async (done: number, total: number) => {
      await sql("select private.advance_job($1, $2, $3, now())", jobId, done, total);
      const [{ progress_done, progress_total }] = await sql("select * from jobs where id = $1", jobId);
      return [Number(progress_done), Number(progress_total)];
    };
    expect(await report(0, 10)).toEqual([0, 10]);
    expect(await report(7, 10)).toEqual([7, 10]);
    expect(await report(3, 10)).toEqual([7, 10]);
    expect(await report(99, 10)).toEqual([10, 10]);
  });

  test("a progress update adds no row to the timeline of the job", async () => {
    const { jobId } = await begin();
    const before = await sql("select * from job_events where job_id = $1", jobId);
    await sql("select private.advance_job($1, 1, 10, now())", jobId);
    expect(await sql("select * from job_events where job_id = $1", jobId)).toEqual(before);
  });
});

describe("the end of a job", () => {
  test("a canceled job stays canceled when its run finishes afterwards, and its timeline has one end", async () => {
    const { run, jobId } = await begin();
    await jobs.cancel(jobId, null, "key:x");
    await jobs.finishRun(run, { walked: 1 });
    expect(await statusOf(jobId)).toBe("canceled");
    const events = await sql("select type from job_events where job_id = $1 order by sequence", jobId);
    expect(events.map(({ type }) => type)).toEqual(["accepted", "running", "canceled"]);
  });

  test("finishing a run three times at once records one completion", async () => {
    const { run, jobId } = await begin();
    await Promise.all([jobs.finishRun(run, 1), jobs.finishRun(run, 1), jobs.finishRun(run, 1)]);
    expect(
      await sql("select * from job_events where job_id = $1 and type = 'completed'", jobId),
    ).toHaveLength(1);
  });

  describe.each(["failed", "canceled", "skipped", "completed"])("a job that its room has %s", (status) => {
    const endedByItsRoom = async () => {
      const { run, jobId } = await begin();
      const error = status === "failed" ? { code: "file_changed", message: "no" } : null;
      await sql("select private.end_job($1, $2, '{\"a\": 1}', $3, now())", jobId, status, error);
      return { run, jobId, error };
    };
    const jobOf = async (jobId: string) =>
      (await sql("select status, result, error, event_count from jobs where id = $1", jobId))[0];

    test.each([{ walked: 1 }, { status: "skipped" }, null])(
      "keeps that status, result and error when its run returns %j afterwards",
      async (result) => {
        const { run, jobId, error } = await endedByItsRoom();
        const before = await jobOf(jobId);
        expect(before).toMatchObject({ status, result: { a: 1 }, error });
        expect(await jobs.finishRun(run, result)).toMatchObject({ status });
        expect(await jobOf(jobId)).toEqual(before);
      },
    );
  });

  test("a replay gives the job a new end, and the dead letter from before it records that end as its outcome", async () => {
    const { run, jobId } = await begin();
    const error = { code: "internal", message: "no" };
    const letter = { ...run, error, fingerprint: "f" };
    await sql("select record_dead_letter($1, now())", JSON.stringify(letter));
    const replay = async (isFailed: boolean) => {
      const { run: next } = await begin({ ...run, runId: randomUUID() });
      if (isFailed) await sql("select private.end_job($1, 'failed', null, $2, now())", jobId, error);
      return jobs.finishRun(next, {});
    };
    expect(await replay(true)).toMatchObject({ status: "failed" });
    expect(await sql("select status, outcome from dead_letter_queue where job_id = $1", jobId)).toEqual([
      { status: "reprocessed", outcome: "failed" },
    ]);
    expect(await replay(false)).toMatchObject({ status: "completed" });
    expect(await statusOf(jobId)).toBe("completed");
  });

  test("a run that is canceled does not end its job while another run of the job is in progress", async () => {
    const { run, jobId } = await begin();
    await begin({ ...run, runId: randomUUID() });
    await jobs.cancelRun(run);
    expect(await statusOf(jobId)).toBe("running");
  });
});

describe("runs that report no progress", () => {
  const take = async (minutes: number, limit: number) =>
    (
      await sql(
        "select job_id from take_quiet_runs(now() + $1 - interval '15 minutes', $2, now() + $1)",
        `${minutes} minutes`,
        limit,
      )
    ).map(({ job_id }) => job_id);

  test("are handed out for a check least recently checked first", async () => {
    await sql("truncate jobs cascade");
    const [a, b, c] = [(await begin()).jobId, (await begin()).jobId, (await begin()).jobId];
    expect(await take(20, 1)).toEqual([a]);
    expect(await take(25, 1)).toEqual([b]);
    expect(await take(36, 1)).toEqual([c]);
    expect(new Set(await take(41, 9))).toEqual(new Set([a, b]));
  });

  test("a fanned-out job is handed out only when no reprocess of a part is running and no dead letter is open", async () => {
    await sql("truncate jobs cascade");
    const { run, jobId } = await begin();
    await sql("select private.advance_job($1, 0, 3, now())", jobId);
    await jobs.finishRun(run, { chunks: 3 });
    const fail = async (eventId: string, runId: string) =>
      (
        await sql(
          `select record_dead_letter(jsonb_build_object('eventId', $1::text, 'eventName', 'test/part',
             'eventData', '{}'::jsonb, 'functionId', 'part', 'runId', $2::text, 'parentJobId', $3::text,
             'error', '{"message": "no"}'::jsonb, 'fingerprint', 'f'), now()) as id`,
          eventId,
          runId,
          jobId,
        )
      )[0].id;
    const reprocess = (letterId: string, childId: string) =>
      sql("select reprocess_dead_letter($1, $2, 'key:x', now())", letterId, childId);
    const [first, second] = [randomUUID(), randomUUID()];

    const letter = await fail("part-1", "part-run-1");
    expect(await take(20, 9)).toEqual([]);
    await reprocess(letter, first);
    expect(await take(40, 9)).toEqual([]);
    const again = await fail(first, "part-run-2");
    expect(await take(60, 9)).toEqual([]);
    await reprocess(again, second);
    expect(await take(80, 9)).toEqual([]);
    await sql("select private.end_job($1, 'canceled', null, null, now())", second);
    expect(await take(100, 9)).toEqual([jobId]);
  });
});

describe("integrity", () => {
  test("the sequence numbers of a timeline have no gaps or duplicates under concurrent writers", async () => {
    const { jobId } = await begin();
    await Promise.all(
      Array.from({ length: 20 }, () =>
        sql("select private.record_job_event($1, 'retrying', '{}', now())", jobId),
      ),
    );
    const rows = await sql("select sequence from job_events where job_id = $1 order by sequence", jobId);
    expect(rows.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 22 }, (_, n) => n + 1));
  });

  test("the database rejects an unknown status, an end that contradicts the status, and progress beyond the total", async () => {
    const { jobId } = await begin();
    await expect(sql("update jobs set status = 'done' where id = $1", jobId)).rejects.toThrow(
      "jobs_status_is_valid",
    );
    await expect(sql("update jobs set status = 'completed' where id = $1", jobId)).rejects.toThrow(
      "jobs_end_when_their_status_says_so",
    );
    await expect(
      sql("update jobs set progress_done = 2, progress_total = 1 where id = $1", jobId),
    ).rejects.toThrow("jobs_progress_is_within_its_total");
  });
});
