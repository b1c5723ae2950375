import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createApp } from "#app.ts";
import { readEnv } from "#lib/env.ts";
import { createRoutes } from "#lib/http/router.ts";
import { createLogger } from "#lib/logger.ts";
import { BROADCAST_ENV } from "../support/broadcast.ts";

/** Accepts every call and never answers. */
const silence: typeof fetch = (_, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
  });

const key = `ns_aaaaaaaaaaaa_${"A".repeat(43)}`;
const env = readEnv({
  SUPABASE_URL: "http://supabase.local",
  SUPABASE_SECRET_KEY: "sb_secret_x",
  INNGEST_DEV: "1",
  LOG_LEVEL: "silent",
  ...BROADCAST_ENV,
});
const { routes, doors } = createApp(env, { fetch: silence });
/** The same routes without authentication by the database, so that the handlers are what hangs. */
const unlocked = createRoutes({
  routes,
  logger: createLogger(env),
  authenticate: async () => ({ id: "key:a", role: "admin", owner: "ann" }),
});

beforeAll(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterAll(() => vi.useRealTimers());

/** The requests that were answered within this time. */
async function answersAfter(ms: number, requests: readonly Promise<Response>[]) {
  const answered: Response[] = [];
  for (const request of requests) void request.then((response) => answered.push(response));
  await vi.advanceTimersByTimeAsync(ms);
  return answered;
}

/** What a route needs to get as far as the database. */
const PERIOD = "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
const QUERIES: Readonly<Record<string, string>> = {
  "/api/webhook-endpoints/:id/replay-preview": PERIOD,
  "/api/webhook-inbox/replay-preview": `${PERIOD}&source=github`,
  "/api/schedules/:name/backfill-preview": PERIOD,
  "/api/schedules/:name/times-preview": `?${new URLSearchParams({ cron: "0 3 * * *", timeZone: "UTC" })}`,
};

/** Their answers are part of the code, or computed by it. */
const FROM_CODE = new Set(["/api/imports/targets", "/api/webhook-endpoints/events", "/api/cost"]);

const requestFor = (method: string, path: string) =>
  new Request(
    `http://site.local${path.replace(":subscriberId", "1").replace("schedules/:name", "schedules/cleanup-sessions").replace("flags/:name", "flags/async_newsletter").replace(/:\w+/g, randomUUID())}${QUERIES[path] ?? ""}`,
    {
      method,
      headers: { authorization: `Bearer ${key}` },
    },
  );

test.each([
  ["authentication", doors.api],
  ["the handler", unlocked],
])("503: every route answers within 8 s when the database hangs in %s", async (_, handle) => {
  const locked = routes.filter(({ policy, body }) => policy !== "public" && body === undefined);
  expect(locked.length).toBeGreaterThan(25);
  const requests = locked.map(({ method, path }) => handle(requestFor(method, path)));
  const answers = await answersAfter(8_000, requests);
  expect(answers).toHaveLength(locked.length);
  const others: string[] = [];
  for (const [index, request] of requests.entries()) {
    const { method, path } = locked[index] ?? {};
    const response = await request;
    // A key's id is not a UUID, so this route answers before it asks the database.
    if (path === "/api/keys/:id" && response.status === 404) continue;
    if (path !== undefined && FROM_CODE.has(path) && response.status === 200) continue;
    // A link that was not signed by us is refused before the database is asked.
    if (path === "/l/:token" && response.status === 404) continue;
    const { code } = await response.json();
    const isRight = response.status === 503 && code === "database_unavailable";
    if (!isRight || Number(response.headers.get("retry-after")) < 1)
      others.push(`${method} ${path}: ${code}`);
  }
  expect(others).toEqual([]);
});

test("/api/health answers at once, and /api/ready names the database as the failing check", async () => {
  const [health, ready] = [
    doors.api(requestFor("GET", "/api/health")),
    doors.api(requestFor("GET", "/api/ready")),
  ];
  expect(await answersAfter(0, [health])).toHaveLength(1);
  await answersAfter(8_000, [ready]);
  expect((await health).status).toBe(200);
  expect((await ready).status).toBe(503);
  expect((await (await ready).json()).checks.database.ok).toBe(false);
});
