import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let db: TestDatabase;
const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;

beforeAll(async () => {
  db = await freshDatabase();
  // Counts how often it is called, and answers for each job.
  await sql(`create table public.calls (jobs integer not null);
    create function private.walk_subjects(p_jobs public.jobs[]) returns table (job_id uuid, subject text)
      language plpgsql as $$
      begin
        insert into public.calls values (cardinality(p_jobs));
        return query select id, event_data ->> 'way' from unnest(p_jobs);
      end $$;
    alter function public.list_jobs volatile; alter function private.find_jobs volatile;
    alter function private.job_subjects volatile`);
  await sql("select private.register_work_kind($1)", {
    function_id: "walk",
    event_name: "test/walk",
    subjects: "private.walk_subjects",
  });
});
afterAll(() => db.close());

const listed = async () =>
  new Map(
    (
      await sql(
        "select list_jobs(null, null, null, null, null, null, null, null, null, null, null, 500) as job",
      )
    ).map(({ job }) => [job.id, job.subject]),
  );

test("a list asks each kind once for all its jobs, and cuts long subjects", async () => {
  const short = await insertJob(db.sql, { data: { way: "to the sea" } });
  const long = await insertJob(db.sql, { data: { way: "ä".repeat(5000) } });
  const silent = await insertJob(db.sql, { data: {} });
  const other = await insertJob(db.sql, { functionId: "run" });
  await sql("delete from calls");
  const subjects = await listed();
  expect(subjects.get(short)).toBe("to the sea");
  expect(subjects.get(long)).toBe("ä".repeat(200));
  expect(subjects.get(silent)).toBeNull();
  expect(subjects.get(other)).toBeNull();
  expect(await sql("select jobs from calls")).toEqual([{ jobs: 3 }]);
});

test("a search finds a part of the subject, in the list and in the stream", async () => {
  const id = await insertJob(db.sql, { data: { way: "through the Valley of roses" } });
  await insertJob(db.sql, { data: { way: "through the mud" } });
  const list = `select list_jobs(null, null, null, null, null, null, 'valley OF', null, null, null, null, 500) as job`;
  expect((await sql(list)).map(({ job }) => job.id)).toEqual([id]);
  const [{ live }] = await sql(
    "select read_live_snapshot(null, null, null, null, null, null, null, 'valley OF', null, null, null, null) as live",
  );
  expect(live.jobs.map((job: { id: string }) => job.id)).toEqual([id]);
});

test("one job and the stream tell the same subject as the list", async () => {
  const [{ position }] = await sql("select pg_current_snapshot()::text as position");
  const id = await insertJob(db.sql, { data: { way: "over the hill" } });
  const [{ one }] = await sql("select get_job($1, null) as one", id);
  const [{ changes }] = await sql("select read_changes($1, null, null, 100) as changes", position);
  const [{ live }] = await sql(
    "select read_live_snapshot(null, null, null, null, null, null, null, null, null, null, null, null) as live",
  );
  expect(one.job.subject).toBe("over the hill");
  expect(changes.jobs.map(({ job }: { job: { subject: string } }) => job.subject)).toEqual(["over the hill"]);
  expect(live.jobs.find((job: { id: string }) => job.id === id).subject).toBe("over the hill");
});

test("no kind of this installation fails on foreign event data, of any shape", async () => {
  const kinds = await sql("select function_id from private.work_kinds where subjects is not null");
  expect(kinds.length).toBeGreaterThan(10);
  const foreign = [
    {},
    ...["campaignId", "taskId", "importId", "uploadId", "webhookId", "endpointId", "postId"].map((field) => ({
      [field]: "not an id",
    })),
    { dateRange: 7, reportType: null, orderId: {} },
  ];
  for (const { function_id: functionId } of kinds)
    for (const data of foreign) await insertJob(db.sql, { functionId, data });
  expect((await listed()).size).toBeGreaterThan(kinds.length * foreign.length);
  // Where a table is empty, Postgres does not look at the id at all.
  expect(await sql("select private.uuid_of('not an id') as id")).toEqual([{ id: null }]);
});

test("a kind is refused whose subjects name no function", async () => {
  await expect(
    sql("select private.register_work_kind($1)", {
      function_id: "x",
      event_name: "test/x",
      subjects: "private.none",
    }),
  ).rejects.toThrow("names a function that does not exist");
});
