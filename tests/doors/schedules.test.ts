import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let house: TestApp;
let now = new Date("2026-11-28T08:00:00Z");
beforeAll(async () => {
  database = await freshDatabase();
  house = await testApp(database, {
    clock: { now: () => now },
    env: { REPORT_TIME_ZONE: "Europe/Berlin" },
  });
});
afterAll(() => database.close());
const path = "/api/schedules/send-daily-report";
const call = (method: string, to = path, headers: Record<string, string> = {}) =>
  house.call(method, to, { as: "admin", headers });

test("403: only administrators can read and change schedules", async () => {
  for (const [method, to] of [
    ["GET", "/api/schedules"],
    ["GET", path],
    ["POST", `${path}/run`],
    ["POST", `${path}/pause`],
    ["POST", `${path}/resume`],
  ] as const)
    expect((await house.call(method, to, { as: "ann" })).status).toBe(403);
});

test("200: a schedule has its next 20 local times and warnings about clock changes", async () => {
  const { status, body } = await call("GET");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    name: "send-daily-report",
    cron: "0 9 * * *",
    timeZone: "Europe/Berlin",
    paused: null,
    last: null,
    next: { at: "2026-11-29T08:00:00.000Z", local: "2026-11-29T09:00+01:00" },
    warnings: [],
  });
  expect(body.nextTimes).toHaveLength(20);
  expect((await call("GET", "/api/schedules")).body.items).toContainEqual(
    expect.objectContaining({ name: "send-daily-report", functionId: "send-daily-report" }),
  );
});

test("404: an unknown schedule", async () => {
  expect((await call("GET", "/api/schedules/nothing")).status).toBe(404);
  expect((await call("POST", "/api/schedules/nothing/run")).status).toBe(404);
});

test("202: a manual run makes a job at once, and the same idempotency key returns the same job", async () => {
  const first = await call("POST", `${path}/run`, { "idempotency-key": "one" });
  expect(first.status).toBe(202);
  expect((await call("POST", `${path}/run`, { "idempotency-key": "one" })).body.jobId).toBe(first.body.jobId);
  const { body } = await call("GET");
  expect(body.ticks).toHaveLength(1);
  expect(body.last).toMatchObject({ fate: "fired", jobUrl: `/api/jobs/${first.body.jobId}` });
  expect(body.last.reason).toMatch(/^started by key:/);
});

test("a paused schedule skips its slots with the reason, and continues when it is resumed", async () => {
  const endAll = () =>
    database.sql.query("select private.end_job(id, 'completed', null, null, $1) from jobs", [now]);
  await endAll();
  now = new Date("2026-11-29T08:01:00Z");
  // The slot of a minute ago is not paused yet, although no housekeeping has found it.
  expect((await call("POST", `${path}/pause`)).body).toMatchObject({
    paused: { at: expect.stringContaining("2026-11-29T08:01:00") },
    last: { local: "2026-11-29T09:00+01:00", fate: "fired" },
  });
  await endAll();
  now = new Date("2026-11-30T08:01:00Z");
  const resumed = (await call("POST", `${path}/resume`)).body;
  expect(resumed).toMatchObject({ paused: null, last: { local: "2026-11-30T09:00+01:00", fate: "skipped" } });
  expect(resumed.last.reason).toMatch(/^paused by key:/);
  now = new Date("2026-12-01T08:00:00Z");
  await house.app.keepHouse();
  expect((await call("GET")).body.last).toMatchObject({ local: "2026-12-01T09:00+01:00", fate: "fired" });
});
