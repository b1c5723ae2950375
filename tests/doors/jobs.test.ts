import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
const told: unknown[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, {
    outside: async (input, init) => {
      told.push(await new Request(input, init).json());
      return Response.json({ ids: ["01EVENT"], status: 200 });
    },
  });
});
afterAll(() => database.close());

async function accept({ owner = "ann", kind = "walk", at = new Date() } = {}) {
  const id = randomUUID();
  return insertJob(database.sql, { id, owner, kind, data: { steps: 1 } }, at);
}
const idsOf = (body: { items: { id: string }[] }) => body.items.map(({ id }) => id);

describe("GET /api/jobs", () => {
  test("200: pages list each job once, newest first", async () => {
    const at = new Date("2026-01-01T00:00:00Z");
    const ids: string[] = [];
    // Several with the same time: the order must be the same on every page.
    for (let n = 0; n < 5; n++) ids.push(await accept({ kind: "paged", at }));
    const seen: string[] = [];
    let cursor = "";
    do {
      const { body } = await site.call("GET", `/api/jobs?kind=paged&limit=2${cursor}`, { as: "ann" });
      seen.push(...idsOf(body));
      cursor = body.nextCursor === null ? "" : `&cursor=${body.nextCursor}`;
    } while (cursor !== "");
    expect(seen).toEqual(ids.toSorted().toReversed());
  });

  test("200: a caller sees only their own jobs, and an administrator sees all jobs", async () => {
    const [ann, bob] = [await accept({ kind: "owned" }), await accept({ kind: "owned", owner: "bob" })];
    expect(idsOf((await site.call("GET", "/api/jobs?kind=owned", { as: "ann" })).body)).toEqual([ann]);
    expect(idsOf((await site.call("GET", "/api/jobs?kind=owned", { as: "admin" })).body).toSorted()).toEqual(
      [ann, bob].toSorted(),
    );
  });

  test("200: search finds part of an id, function, requester, owner, key or error, in any case", async () => {
    const found = await accept({ kind: "paint-The-Fence", owner: "tom.sawyer" });
    await accept({ kind: "searched-in-vain" });
    await database.sql.query(
      `update jobs set idempotency_key = 'order-4711', fingerprint = 'f', status = 'failed', ended_at = created_at,
         error = '{"code": "provider_rejected", "message": "100 % of_whitewash is gone"}' where id = $1`,
      [found],
    );
    const find = async (search: string, as: "admin" | "ann" | "bob" = "admin") =>
      idsOf((await site.call("GET", `/api/jobs?search=${encodeURIComponent(search)}`, { as })).body);
    const parts = [found.slice(4, 20), "the-fence", "Sawyer", "ORDER-47", "provider_rej", "100 % of_white"];
    for (const part of parts) expect([part, await find(part)]).toEqual([part, [found]]);
    expect(await find(found)).toEqual([found]);
    expect((await find("key:test")).length).toBeGreaterThan(1);
    // A pattern is no pattern, and others' jobs are not there.
    expect(await find("100_%")).toEqual([]);
    expect(await find("the-fence", "ann")).toEqual([]);
    await database.sql.query("update jobs set owner = 'bob' where id = $1", [found]);
    expect(await find("fence", "bob")).toEqual([found]);
    // A whole event id is found alone, but only if its job is the caller's.
    await database.sql.query("update jobs set event_id = 'fence' where id = $1", [
      await accept({ kind: "owned", owner: "ann" }),
    ]);
    expect(await find("fence", "bob")).toEqual([found]);
    // The message of an internal error is not shown to callers, so a search must not find it either.
    await database.sql.query(
      `update jobs set error = '{"code": "internal", "message": "whitewash"}' where id = $1`,
      [found],
    );
    expect(await find("whitewash")).toEqual([]);
  });

  test("200: the summary counts what matches, up to 10,000, and lists what exists for its reader", async () => {
    const summary = async (query: string, as: "admin" | "ann" | "bob" = "admin") =>
      (await site.call("GET", `/api/jobs/summary?${query}`, { as })).body;
    await accept({ kind: "counted", owner: "bob" });
    await accept({ kind: "counted" });
    expect(await summary("kind=counted")).toMatchObject({ total: 2, isMore: false });
    expect(await summary("kind=counted", "bob")).toMatchObject({ total: 1, isMore: false });
    expect((await summary("")).kinds).toEqual(expect.arrayContaining(["counted", "paged"]));
    expect((await summary("", "bob")).kinds).not.toContain("paged");
    expect(await summary("search=walk")).toMatchObject({ total: null });
    await database.sql.query(
      `select private.insert_job(jsonb_build_object('functionId', 'walk', 'event', 'test/walk', 'requester', 'x',
         'kind', 'many', 'owner', 'carl'), now()) from generate_series(1, 10001)`,
    );
    expect(await summary("kind=many")).toMatchObject({ total: 10_000, isMore: true });
    // A part of an old job's name is not looked for, but its whole id is.
    const old = await accept({ kind: "old-walk" });
    await database.sql.query("update jobs set created_at = now() - interval '1 day' where id = $1", [old]);
    const find = async (search: string) =>
      idsOf((await site.call("GET", `/api/jobs?search=${search}`, { as: "admin" })).body);
    expect(await find("old-walk")).toEqual([]);
    expect(await find(old)).toEqual([old]);
    await database.sql.query("delete from jobs where kind = 'many'");
  });

  test.each(["", "%20", "x".repeat(101)])("400: the search text %j is refused", async (search) => {
    expect((await site.call("GET", `/api/jobs?search=${search}`, { as: "admin" })).status).toBe(400);
  });

  test("200: the list can be filtered by status, function, requester and time", async () => {
    const old = await accept({ kind: "filtered", at: new Date("2025-01-01T00:00:00Z") });
    const young = await accept({ kind: "filtered", at: new Date("2025-06-01T00:00:00Z") });
    const find = async (query: string) =>
      idsOf((await site.call("GET", `/api/jobs?kind=filtered&${query}`, { as: "ann" })).body);
    expect(await find("status=queued&function=walk&requester=key:test")).toEqual([young, old]);
    expect(await find("status=running")).toEqual([]);
    expect(await find("function=run")).toEqual([]);
    expect(await find("requester=key:other")).toEqual([]);
    expect(await find("from=2025-03-01T00:00:00Z")).toEqual([young]);
    expect(await find("to=2025-03-01T00:00:00Z")).toEqual([old]);
  });

  test.each(["status=dead", "limit=0", "cursor=x", "from=yesterday", "colour=red"])(
    "400: the query %s is refused",
    async (query) => {
      expect((await site.call("GET", `/api/jobs?${query}`, { as: "ann" })).body).toMatchObject({
        status: 400,
        code: "invalid_request",
      });
    },
  );
});

describe("GET /api/jobs/:id", () => {
  test("S4-77: 200: a job has its state, progress, timeline and links", async () => {
    const id = await accept();
    await database.sql.query("select private.advance_job($1, 1, 3, now())", [id]);
    const { body } = await site.call("GET", `/api/jobs/${id}`, { as: "ann" });
    expect(body).toMatchObject({
      id,
      status: "queued",
      state: "queued",
      function: "walk",
      event: "test/walk",
      owner: "ann",
      progress: { done: 1, total: 3, percent: 33 },
      runs: [],
      timeline: [{ sequence: 1, type: "accepted" }],
      links: { self: `/api/jobs/${id}`, parent: null },
    });
  });

  test.each([
    ["an unknown id", () => randomUUID()],
    ["no id", () => "17"],
  ])("404: %s", async (_, id) => {
    expect((await site.call("GET", `/api/jobs/${id()}`, { as: "ann" })).status).toBe(404);
  });

  test("404: a job of another owner is answered exactly as an unknown job", async () => {
    const id = await accept({ owner: "bob" });
    const theirs = await site.call("GET", `/api/jobs/${id}`, { as: "ann" });
    const nobodys = await site.call("GET", `/api/jobs/${randomUUID()}`, { as: "ann" });
    expect(theirs.body).toEqual(nobodys.body);
    expect((await site.call("GET", `/api/jobs/${id}`, { as: "bob" })).status).toBe(200);
  });
});

describe("DELETE /api/jobs/:id", () => {
  test("202: the job and its children are canceled, and the engine receives the cancel event", async () => {
    const [id, child] = [await accept(), randomUUID()];
    await insertJob(database.sql, { id: child, parentJobId: id });
    const { status, body } = await site.call("DELETE", `/api/jobs/${id}`, { as: "ann" });
    expect({ status, state: body.status }).toEqual({ status: 202, state: "canceled" });
    expect(told.flat()).toContainEqual(
      expect.objectContaining({
        name: "job/cancel.requested",
        data: { jobId: id, eventId: id, functionId: "walk" },
      }),
    );
    expect((await site.call("GET", `/api/jobs/${child}`, { as: "ann" })).body.status).toBe("canceled");
    const { rows } = await database.sql.query(
      "select data from job_events where job_id = $1 and type = 'canceled'",
      [id],
    );
    expect(rows).toEqual([{ data: { code: "canceled", by: expect.stringMatching(/^key:/) } }]);
  });

  test("202: the answer is the view that GET shows, with the job's subject", async () => {
    await database.sql.query(`
      create function private.stroll_subjects(p_jobs public.jobs[]) returns table (job_id uuid, subject text)
        language sql as $$ select id, event_data ->> 'way' from unnest(p_jobs) $$;
      grant execute on function private.stroll_subjects to service_role;
      select private.register_work_kind('{"function_id": "stroll", "event_name": "test/stroll",
        "subjects": "private.stroll_subjects"}')`);
    const data = { way: "to the sea" };
    const id = await insertJob(database.sql, { functionId: "stroll", owner: "ann", data });
    const path = `/api/jobs/${id}`;
    const { body } = await site.call("DELETE", path, { as: "ann" });
    expect(body.subject).toBe("to the sea");
    expect(body).toEqual((await site.call("GET", path, { as: "ann" })).body);
  });

  test("409: a job that has ended cannot be canceled, and the answer says when it ended", async () => {
    const id = await accept();
    await site.call("DELETE", `/api/jobs/${id}`, { as: "ann" });
    expect((await site.call("DELETE", `/api/jobs/${id}`, { as: "ann" })).body).toMatchObject({
      status: 409,
      code: "job_ended",
      detail: expect.stringMatching(/canceled since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/),
    });
  });

  test("404: a job of another owner is not canceled", async () => {
    const id = await accept({ owner: "bob" });
    expect((await site.call("DELETE", `/api/jobs/${id}`, { as: "ann" })).status).toBe(404);
    expect((await site.call("GET", `/api/jobs/${id}`, { as: "bob" })).body.status).toBe("queued");
  });
});
