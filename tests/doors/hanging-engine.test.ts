/**
 * The engine accepts connections and never answers. Accepted jobs stay in the outbox, so the answer must say that they
 * were accepted.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { hookHeaders } from "../support/sign.ts";

const HOOK_SECRET = `v1,whsec_${Buffer.from("the first secret of thirty-two b").toString("base64")}`;

let db: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  db = await freshDatabase();
  site = await testApp(db, {
    env: { SUPABASE_HOOK_SECRET: HOOK_SECRET },
    outside: () => new Promise(() => {}),
  });
});
afterAll(() => db.close());

const unsent = async () =>
  (await db.sql.query("select function_id from jobs where sent_at is null and status = 'queued'")).rows;

test("work that was accepted is answered with 202, not with the route's 503", async () => {
  const answer = await site.call("POST", "/api/reports", {
    as: "ann",
    body: { reportType: "users", dateRange: { start: "2026-01-01", end: "2026-01-01" } },
  });
  expect(answer.status).toBe(202);
  expect(await unsent()).toContainEqual({ function_id: "generate-report" });
});

test("Supabase Auth's hook is answered with 200", async () => {
  const body = JSON.stringify({
    user: { id: randomUUID(), email: "ada@example.com" },
    email_data: { token: "305805", token_hash: "hash", email_action_type: "recovery" },
  });
  const answer = await site.call("POST", "/api/auth-hooks/send-email", {
    body,
    headers: hookHeaders(body, [HOOK_SECRET], new Date()),
  });
  expect(answer).toMatchObject({ status: 200, body: {} });
  expect(await unsent()).toContainEqual({ function_id: "send-mail" });
});
