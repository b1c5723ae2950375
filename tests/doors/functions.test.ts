import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { type TestApp, testApp, testEnv } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let house: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  house = await testApp(database);
});
afterAll(() => database.close());

const get = async (path: string) => (await house.call("GET", path, { as: "admin" })).body;

/** A job of this function that began and ended so long ago. */
async function ended(functionId: string, status: string, secondsAgo: number, tookMs: number) {
  const id = await insertJob(database.sql, { functionId }, new Date(Date.now() - secondsAgo * 1000 - tookMs));
  await database.sql.query(
    `update jobs set status = $2, sent_at = created_at, started_at = created_at,
       ended_at = created_at + $3 * interval '1 millisecond' where id = $1`,
    [id, status, tookMs],
  );
}

test("a function's row counts what began, completed and failed in the last hour and day, and how long it took", async () => {
  for (const tookMs of [100, 200, 300]) await ended("walk", "completed", 60, tookMs);
  await ended("walk", "failed", 60, 900);
  await ended("walk", "completed", 7_200, 400);
  await ended("walk", "completed", 90_000, 999_000);
  await insertJob(database.sql, { functionId: "walk" });
  const running = await insertJob(database.sql, { functionId: "walk" });
  await database.sql.query(
    "update jobs set status = 'running', started_at = now(), sent_at = now() where id = $1",
    [running],
  );
  const expected = {
    function: "walk",
    summary: null,
    paused: null,
    waiting: 1,
    running: 1,
    lastHour: { started: 5, completed: 3, failed: 1, isMore: false, failureRate: 0.25 },
    lastDay: { started: 6, completed: 4, failed: 1, isMore: false, failureRate: 0.2 },
    p50Ms: 200,
    p95Ms: 400,
  };
  const { items } = await get("/api/functions");
  expect(items.find((one: { function: string }) => one.function === "walk")).toEqual({
    kind: "walk",
    ...expected,
  });
  const { perHour, ...rest } = await get("/api/functions/walk");
  expect(rest).toEqual({ kind: "walk", ...expected });
  expect(perHour).toHaveLength(24);
  const sum = (field: string) =>
    perHour.reduce((total: number, hour: Record<string, number>) => total + (hour[field] ?? 0), 0);
  expect([sum("completed"), sum("failed")]).toEqual([4, 1]);
});

test("of a function with more than 2,000 jobs in the last day, the newest are counted", async () => {
  await database.sql.query(
    `insert into jobs (kind, function_id, event_id, event_name, requester, status, created_at, ready_at, due_at, released_at,
       sent_at, started_at, ended_at, updated_at)
     select 'many', 'run-far', 'far ' || n, 'e', 'r', case when n <= 2000 then 'completed' else 'failed' end, t, t, t, t, t, t,
       t, t from (select n, now() - interval '2 hours' - n * interval '1 second' as t from generate_series(1, 2001) as n) as made`,
  );
  const { lastHour, lastDay } = await get("/api/functions/run-far");
  expect(lastDay).toEqual({ started: 2000, completed: 2000, failed: 0, isMore: true, failureRate: 0 });
  expect(lastHour).toMatchObject({ completed: 0, isMore: false });
  await database.sql.query("delete from jobs where function_id = 'run-far'");
});

test("of an hour with more than 10,000 jobs, the newest are counted", async () => {
  await database.sql.query(
    `insert into jobs (kind, function_id, event_id, event_name, requester, status, created_at, ready_at, due_at, released_at,
       sent_at, started_at, ended_at, updated_at)
     select 'many', 'run-full', 'full ' || n, 'e', 'r', case when n <= 10000 then 'completed' else 'failed' end, t, t, t, t, t,
       t, t, t from (select n, date_trunc('hour', now()) - interval '1 hour' - n * interval '1 millisecond' as t
         from generate_series(1, 10001) as n) as made`,
  );
  const { perHour } = await get("/api/functions/run-full");
  expect(perHour.filter(({ isMore }: { isMore: boolean }) => isMore)).toMatchObject([
    { completed: 10_000, failed: 0 },
  ]);
  await database.sql.query("delete from jobs where function_id = 'run-full'");
});

test("every function with jobs of its own says what it does; those of parts are left out", async () => {
  const { items } = await get("/api/functions");
  const summaryOf = new Map(
    items.map((one: { function: string; summary: string }) => [one.function, one.summary]),
  );
  expect(summaryOf.get("send-email-campaign")).toBe("Plans a campaign and sends it to its list, in parts");
  expect(summaryOf.has("send-campaign-part")).toBe(false);
  const { functions } = createApp(testEnv(database), {}, allFunctions);
  // The last two receive Inngest's own events about runs.
  const withJobs = functions
    .map((one) => one.id())
    .filter((id) => !/-(part|batch)$|^catch-|^record-/.test(id));
  const silent = withJobs.filter((id) => !summaryOf.has(id));
  expect(silent).toEqual([]);
});

test("only administrators see and pause functions; a pause is in the audit log; an unknown function is a 404", async () => {
  for (const [method, path] of [
    ["GET", "/api/functions"],
    ["GET", "/api/functions/walk"],
    ["POST", "/api/functions/walk/pause"],
    ["POST", "/api/functions/walk/resume"],
  ] as const)
    expect((await house.call(method, path, { as: "ann" })).status).toBe(403);
  for (const action of ["pause", "resume"])
    expect((await house.call("POST", `/api/functions/fly/${action}`, { as: "admin" })).status).toBe(404);
  expect((await house.call("POST", "/api/functions/walk/pause", { as: "admin" })).status).toBe(200);
  expect((await get("/api/functions/walk")).paused.by).toMatch(/^key:/);
  const [newest] = (await get("/api/audit-logs")).items;
  expect(newest).toMatchObject({ action: "POST /api/functions/:id/pause", target: { id: "walk" } });
  await house.call("POST", "/api/functions/walk/resume", { as: "admin" });
  expect((await get("/api/functions/walk")).paused).toBeNull();
});
