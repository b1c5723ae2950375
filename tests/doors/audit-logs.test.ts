import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let house: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  house = await testApp(database);
});
afterAll(() => database.close());
const pause = "/api/schedules/cleanup-sessions/pause";
const actions = async () => (await house.call("GET", "/api/audit-logs", { as: "admin" })).body.items;

test("S4-75: the audit log records an administrator's action: its actor, route, target and time", async () => {
  const before = Date.now();
  expect((await house.call("POST", pause, { as: "admin" })).status).toBe(200);
  const [newest] = await actions();
  expect(newest).toMatchObject({
    action: "POST /api/schedules/:name/pause",
    target: { name: "cleanup-sessions" },
    actor: expect.stringMatching(/^key:/),
  });
  expect(Date.parse(newest.at)).toBeGreaterThanOrEqual(before - 1);
});

test("the audit log records what an administrator does to another person's job, not what the person does", async () => {
  const id = await insertJob(database.sql, { owner: "ann" });
  expect((await house.call("DELETE", `/api/jobs/${id}`, { as: "admin" })).status).toBeLessThan(300);
  const [newest] = await actions();
  expect(newest).toMatchObject({ action: "DELETE /api/jobs/:id", target: { id } });
  await house.call("DELETE", `/api/jobs/${id}`, { as: "ann" });
  expect((await actions())[0].id).toBe(newest.id);
});

test("neither reads nor refused requests are recorded in the audit log", async () => {
  const count = (await actions()).length;
  await house.call("GET", "/api/schedules", { as: "admin" });
  expect((await house.call("POST", pause, { as: "ann" })).status).toBe(403);
  expect(await actions()).toHaveLength(count);
});

test("an action that cannot be recorded in the audit log is not done", async () => {
  await database.sql.query("alter table audit_logs rename to audit_logs_away");
  const resume = await house.call("POST", "/api/schedules/cleanup-sessions/resume", { as: "admin" });
  await database.sql.query("alter table audit_logs_away rename to audit_logs");
  expect(resume.status).toBe(500);
  expect(
    (await house.call("GET", "/api/schedules/cleanup-sessions", { as: "admin" })).body.paused,
  ).not.toBeNull();
});

test("the audit log is append-only, for every role and for the owner of the table", async () => {
  for (const change of [
    "update audit_logs set actor = 'x'",
    "delete from audit_logs",
    "truncate audit_logs",
  ]) {
    await expect(database.sql.query(change)).rejects.toThrow("audit_logs is append-only");
    const client = await database.sql.connect();
    await client.query("begin");
    await client.query("set local role service_role");
    await expect(client.query(change)).rejects.toThrow("permission denied");
    await client.query("rollback");
    client.release();
  }
});

test("403: only administrators read the audit log", async () => {
  expect((await house.call("GET", "/api/audit-logs", { as: "ann" })).status).toBe(403);
});
