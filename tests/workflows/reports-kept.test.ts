import { createApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportFunctions } from "#reports/functions.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

/** How long a report and its file live, and what a report contains that is made again. */
let shop: Workshop;
const keys = new Map<string, string>();
beforeAll(async () => {
  shop = await workshop({ functions: reportFunctions });
  for (const owner of ["ann", "bob"])
    keys.set(owner, await createApiKey(shop.database.project, { name: owner, role: "app", owner }));
  await shop.rows(`with list as (
      insert into email_lists (owner, name, created_at) values ('ann', 'Hers', now()) returning id
    ) insert into email_subscribers (list_id, email, created_at, updated_at)
    select id, n || '@example.org', '2026-11-02Z', now() from list, generate_series(1, 3) as n`);
});
afterAll(() => shop.close());

const NOVEMBER = { start: "2026-11-01", end: "2026-11-30" };
const as = (owner: string): Record<string, string> =>
  keys.has(owner) ? { authorization: `Bearer ${keys.get(owner)}` } : {};
async function make(owner: string, body: Record<string, unknown> = {}): Promise<string> {
  const asked = { reportType: "users", format: "csv", dateRange: NOVEMBER, ...body };
  const { jobId } = (await shop.call("POST", "/api/reports", asked, as(owner))).body;
  await shop.engine.run(jobId, "generate-report");
  await shop.engine.idle();
  // No two jobs end in the same millisecond.
  await shop.engine.advance("1s");
  return jobId;
}
const read = (owner: string, id: string) => shop.call("GET", `/api/reports/${id}`, undefined, as(owner));
const download = (owner: string, id: string) =>
  shop.request("GET", `/api/reports/${id}/download`, undefined, as(owner));
const files = (ids: string[]) =>
  shop.rows(
    "select name from storage.objects where bucket_id = 'reports' and split_part(name, '.', 1) = any ($1)",
    [ids],
  );

test("S3-7: a requester who keeps 1 completed job deletes no other owner's report or job, and every report lives a week", async () => {
  const hers = await make("ann");
  const his = [await make("bob"), await make("bob", { reportType: "content", keepCompleted: 1 })];
  const newest = await make("bob", { reportType: "images", keepCompleted: 1 });
  const all = [hers, ...his, newest];
  const jobs = async () => {
    await shop.app.keepHouse();
    const rows = await shop.rows("select id from jobs where id = any ($1)", [all]);
    return new Set(rows.map(({ id }) => id));
  };
  expect(await jobs()).toEqual(new Set(all));
  expect((await read("ann", hers)).status).toBe(200);
  for (const id of [...his, newest]) {
    expect((await read("bob", id)).body).toMatchObject({ status: "completed" });
    expect((await download("bob", id)).status).toBe(303);
  }
  expect((await shop.call("GET", "/api/reports", undefined, as("bob"))).body.items).toHaveLength(3);
  await shop.engine.advance("8d");
  await shop.app.keepHouse();
  expect((await read("ann", hers)).status).toBe(404);
  expect(await files(all)).toEqual([]);
  await shop.engine.advance("2d");
  expect(await jobs()).toEqual(new Set([hers, his[0], newest]));
});

test("a report lives a week when its job is deleted earlier", async () => {
  const first = await make("ann", { reportType: "products" });
  await shop.rows("delete from jobs where id = $1", [first]);
  await shop.engine.advance("2d");
  await shop.app.keepHouse();
  expect((await read("ann", first)).body).toMatchObject({ status: "completed", error: null });
  expect((await download("ann", first)).status).toBe(303);
  await shop.engine.advance("6d");
  await shop.app.keepHouse();
  expect((await read("ann", first)).status).toBe(404);
  expect(await files([first])).toEqual([]);
});

test("a report that is revoked before its job begins stays revoked, although housekeeping runs in between", async () => {
  const asked = { reportType: "images", format: "csv", dateRange: NOVEMBER, delayMs: 120_000 };
  const { jobId } = (await shop.call("POST", "/api/reports", asked, as("ann"))).body;
  await shop.call("DELETE", `/api/reports/${jobId}`, undefined, as("ann"));
  await shop.app.keepHouse();
  await shop.engine.run(jobId, "generate-report");
  await shop.engine.idle();
  expect((await download("ann", jobId)).status).toBe(404);
  await shop.app.keepHouse();
  expect(await files([jobId])).toEqual([]);
});

test("409: a request whose idempotency key belongs to a deleted report makes no report that is never generated", async () => {
  const body = { reportType: "products", format: "csv", dateRange: NOVEMBER };
  const headers = { ...as("ann"), "idempotency-key": "kept-1" };
  const ask = () => shop.call("POST", "/api/reports", body, headers);
  const { jobId } = (await ask()).body;
  await shop.engine.run(jobId, "generate-report");
  await shop.engine.idle();
  expect(await ask()).toMatchObject({ status: 202, body: { jobId } });
  await shop.rows("delete from reports where id = $1", [jobId]);
  const again = await ask();
  expect(again).toMatchObject({ status: 409, body: { code: "conflict" } });
  expect(again.body.detail).toContain("use another key");
  expect((await read("ann", jobId)).status).toBe(404);
});

test("the file of a report whose row is deleted is removed from Storage", async () => {
  const id = await make("ann", { reportType: "contacts" });
  expect(await files([id])).toHaveLength(1);
  await shop.rows("delete from reports where id = $1", [id]);
  await shop.app.keepHouse();
  expect(await files([id])).toEqual([]);
});

/** Runs the job of a report again. */
async function again(id: string): Promise<string> {
  const { jobId } = (await shop.call("POST", `/api/jobs/${id}/run-again`)).body;
  await shop.engine.run(jobId, "generate-report");
  await shop.engine.idle();
  return jobId;
}

test("an administrator's report that is made again, and again, contains all owners' rows", async () => {
  const id = await make("operator");
  expect((await read("operator", id)).body).toMatchObject({ rows: 3 });
  const second = await again(id);
  expect((await read("operator", second)).body).toMatchObject({ status: "completed", rows: 3 });
  // The second report is gone when its job is run again.
  await shop.engine.advance("8d");
  await shop.app.keepHouse();
  expect((await read("operator", second)).status).toBe(404);
  expect((await read("operator", await again(second))).body).toMatchObject({ rows: 3 });
});
