import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob, type Wanted, wanted } from "../support/jobs.ts";

let db: TestDatabase;
const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
const register = (kind: object) => sql("select private.register_work_kind($1)", JSON.stringify(kind));
const end = (ids: string[], status: string) =>
  sql("select private.end_jobs($1, $2, null, null, now()) as id", ids, status);

beforeAll(async () => {
  db = await freshDatabase();
  await sql(`create table public.heard (what text not null);
    create function private.hear_end(p_job public.jobs, p_now timestamptz) returns void language sql as $$
      insert into public.heard values (p_job.id || ' ' || p_job.status) $$;
    create function private.hear_ignore(p_letter public.dead_letter_queue, p_now timestamptz) returns void
      language sql as $$ insert into public.heard values (p_letter.run_id || ' ' || p_letter.note) $$`);
  await register({
    function_id: "walk",
    event_name: "test/walk",
    kind: "walking",
    priority: 4,
    after_end: "private.hear_end",
    after_ignore: "private.hear_ignore",
  });
});
afterAll(() => db.close());
const heard = async (of: string) =>
  (await sql("select what from heard where what like $1 || '%'", of)).map(({ what }) =>
    what.slice(of.length + 1),
  );

test.each(["completed", "failed", "canceled", "skipped"])(
  "the follow-up of a work kind runs exactly once for a job that ends as %s",
  async (status) => {
    const id = await insertJob(db.sql);
    expect(await end([id], status)).toEqual([{ id }]);
    expect(await end([id], status)).toEqual([]);
    expect(await heard(id)).toEqual([status]);
  },
);

test("the follow-up runs for each of several jobs that end together, and not for jobs of other kinds", async () => {
  const ids = [
    await insertJob(db.sql),
    await insertJob(db.sql),
    await insertJob(db.sql, { functionId: "run" }),
  ];
  expect(await end(ids, "canceled")).toHaveLength(3);
  expect(await Promise.all(ids.map(heard))).toEqual([["canceled"], ["canceled"], []]);
});

test("ignoring a dead letter calls the follow-up that the work kind of its function registered", async () => {
  const letter = {
    eventId: "e",
    eventName: "test/walk",
    eventData: {},
    fingerprint: "f",
    error: { message: "x" },
  };
  const runId = randomUUID();
  const record = "select record_dead_letter($1, now()) as id";
  const [row] = await sql(record, JSON.stringify({ ...letter, runId, functionId: "walk" }));
  await sql("select ignore_dead_letter($1, 'never mind', 'key:a', now())", row.id);
  expect(await heard(runId)).toEqual(["never mind"]);
});

test("a work kind is not registered when its follow-up function does not exist or it names no event", async () => {
  const kind = { function_id: "x", event_name: "test/x", after_end: "private.no_such_function" };
  await expect(register(kind)).rejects.toThrow("names a function that does not exist");
  await expect(register({ function_id: "x" })).rejects.toThrow("names no event");
});

const accept = async ({ functionId, ...request }: Wanted) => {
  const { functionId: _, ...rest } = JSON.parse(wanted(request));
  const said = functionId === undefined ? rest : { ...rest, functionId };
  return (await sql("select * from private.accept_job($1, now())", JSON.stringify(said)))[0];
};

test("a request without a function id goes to the one function of its event, with the name and priority of its work kind", async () => {
  expect(await accept({})).toMatchObject({
    function_id: "walk",
    kind: "walking",
    priority: 4,
    event_data: { priority: 4 },
  });
  expect(await accept({ priority: 2 })).toMatchObject({ priority: 2, event_data: { priority: 2 } });
});

test("a request for an event with no registered function, or with two, is rejected unless it names the function", async () => {
  await register({ function_id: "greet", event_name: "test/signup" });
  await register({ function_id: "count", event_name: "test/signup" });
  for (const event of ["test/signup", "test/unknown"]) {
    await expect(accept({ event })).rejects.toMatchObject({ hint: "configuration" });
    expect(await accept({ event, functionId: "greet" })).toMatchObject({
      function_id: "greet",
      kind: "greet",
    });
  }
});
