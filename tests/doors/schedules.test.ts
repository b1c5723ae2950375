import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
    ["PUT", `${path}/times`],
    ["DELETE", `${path}/times`],
    ["POST", `${path}/backfill`],
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

describe("times of an operator", () => {
  const put = (body: object) => house.call("PUT", `${path}/times`, { as: "admin", body });

  test("count from now on, stay in the answer beside the declared ones, and give way to them again", async () => {
    now = new Date("2026-12-02T12:00:00Z");
    const { status, body } = await put({ cron: "30 2 * * *", timeZone: "America/New_York" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      cron: "30 2 * * *",
      timeZone: "America/New_York",
      changed: {
        by: expect.stringMatching(/^key:/),
        declaredCron: "0 9 * * *",
        declaredTimeZone: "Europe/Berlin",
      },
      next: { local: "2026-12-03T02:30-05:00" },
      // The slot before the change was decided by the declared times.
      last: { local: "2026-12-02T09:00+01:00" },
    });
    expect(body.nextTimes).toHaveLength(20);
    expect(body.warnings).toEqual([
      "On 2027-03-14 the time from 02:00 to 03:00 does not exist: what is due in it fires at 03:00 instead.",
    ]);
    now = new Date("2026-12-03T07:30:00Z");
    await house.app.keepHouse();
    expect((await call("GET")).body.last.local).toBe("2026-12-03T02:30-05:00");
    const declared = await house.call("DELETE", `${path}/times`, { as: "admin" });
    expect(declared.body).toMatchObject({ cron: "0 9 * * *", changed: null });
    now = new Date("2026-12-03T08:00:00Z");
    await house.app.keepHouse();
    expect((await call("GET")).body.last.local).toBe("2026-12-03T09:00+01:00");
  });

  test("400: times that never come are refused, in the preview too", async () => {
    const never = { cron: "0 0 31 2 *", timeZone: "UTC" };
    const refusal = {
      status: 400,
      body: { code: "invalid_request", detail: '"0 0 31 2 *" in "UTC" never fires' },
    };
    expect(await put(never)).toMatchObject(refusal);
    expect(await call("GET", `${path}/times-preview?${new URLSearchParams(never)}`)).toMatchObject(refusal);
    expect((await call("GET")).body.changed).toBeNull();
  });

  test("400: a cron without five parts is told the parts that it needs", async () => {
    for (const cron of ["nope", "0 0 9 * * *", "0 0 9 * * * 2026"])
      expect((await put({ cron, timeZone: "UTC" })).body.detail).toBe(
        `"${cron}" in "UTC" is no schedule: it needs five parts: minute, hour, day, month and day of the week`,
      );
  });

  test("400: times that cannot be read are not saved", async () => {
    expect((await put({ cron: "99 * * * *", timeZone: "UTC" })).status).toBe(400);
    expect((await put({ cron: "0 9 * * *", timeZone: "Mars/Olympus" })).status).toBe(400);
    expect((await call("GET")).body.changed).toBeNull();
  });

  test("are shown before they are saved, with the hour that comes twice or never", async () => {
    const asked = new URLSearchParams({ cron: "30 2 * * *", timeZone: "Europe/Berlin" });
    const { body } = await call("GET", `${path}/times-preview?${asked}`);
    expect(body.nextTimes).toHaveLength(20);
    expect(body.warnings.map((text: string) => text.slice(3, 13))).toEqual(["2027-03-28", "2027-10-31"]);
    expect((await call("GET")).body.changed).toBeNull();
  });
});

describe("a backfill is refused", () => {
  const backfill = (body: object, name = "send-daily-report") =>
    house.call("POST", `/api/schedules/${name}/backfill`, { as: "admin", body });
  const from = "2026-11-01T00:00:00Z";

  test("400: of a period that is empty, not over, or begins more than 90 days ago", async () => {
    expect((await backfill({ from, to: from })).status).toBe(400);
    expect((await backfill({ from, to: "2027-01-01T00:00:00Z" })).status).toBe(400);
    expect((await backfill({ from: "2020-01-01T00:00:00Z", to: from })).status).toBe(400);
  });

  test("409: of a maintenance task, which does the same for every slot", async () => {
    expect(await backfill({ from, to: "2026-11-02T00:00:00Z" }, "cleanup-sessions")).toMatchObject({
      status: 409,
      body: { hint: "Start it once instead: POST /api/schedules/cleanup-sessions/run." },
    });
  });
});
