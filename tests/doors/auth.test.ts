import { randomUUID } from "node:crypto";
import { createApiKey, revokeApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/clock.ts";
import { createDatabase } from "#lib/database/client.ts";
import { createAuthenticate } from "#lib/http/auth.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { insertJob } from "../support/jobs.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

/** The answer to a request with this header. */
const come = (authorization: string, path = "/api/jobs") =>
  site.call("GET", path, { headers: { authorization } });

describe("API keys", () => {
  test("200: a key has the rights of its role", async () => {
    expect((await site.call("GET", "/api/jobs", { as: "ann" })).status).toBe(200);
    expect((await site.call("GET", "/api/dead-letters", { as: "admin" })).status).toBe(200);
  });

  test("403: an app key cannot use administrators' routes", async () => {
    expect(await site.call("GET", "/api/dead-letters", { as: "ann" })).toMatchObject({
      status: 403,
      body: { code: "forbidden" },
    });
  });

  test("the database stores only the hash of a key, not its secret", async () => {
    const { rows } = await database.sql.query("select * from api_keys");
    const [, , secret = ""] = /^(ns_[a-z0-9]+)_(.*)$/.exec(site.keys.ann) ?? [];
    expect(secret.length).toBeGreaterThan(40);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test("401: a revoked key is refused", async () => {
    const key = await createApiKey(database.project, { name: "x", role: "admin", owner: "x" });
    expect((await come(`Bearer ${key}`)).status).toBe(200);
    await expect(revokeApiKey(database.project, key)).resolves.toBe(true);
    expect((await come(`Bearer ${key}`)).status).toBe(401);
    await expect(revokeApiKey(database.project, "aaaaaaaaaaaa")).resolves.toBe(false);
  });

  test.each([
    ["another secret", () => `Bearer ${site.keys.ann.slice(0, -4)}AAAA`],
    ["another id", () => `Bearer ns_aaaaaaaaaaaa${site.keys.ann.slice(15)}`],
    ["half a key", () => `Bearer ${site.keys.ann.slice(0, 20)}`],
    ["a key that is SQL", () => "Bearer ns_' or true --_x"],
    ["the right key in the wrong scheme", () => `Basic ${site.keys.ann}`],
    ["no token", () => "Bearer "],
  ])("401: %s, with the same message", async (_, header) => {
    const { status, body } = await come(header());
    expect({ status, detail: body.detail }).toEqual({
      status: 401,
      detail: "This key or token is not valid",
    });
  });

  test("503: an unreachable database is not reported as a wrong key", async () => {
    const fetch = () => Promise.reject(new TypeError("fetch failed"));
    const dead = { env: site.env, fetch, clock: systemClock, db: createDatabase(site.env, fetch) };
    const request = new Request("http://x", { headers: { authorization: `Bearer ${site.keys.ann}` } });
    await expect(createAuthenticate(dead)(request)).rejects.toMatchObject({ code: "database_unavailable" });
  });
});

describe("user tokens of Supabase", () => {
  async function signIn(app_metadata: Record<string, unknown>) {
    const email = `${randomUUID()}@example.com`;
    const password = "correct horse battery staple";
    const { data } = await site.db.auth.admin.createUser({
      email,
      password,
      email_confirm: true,
      app_metadata,
    });
    const visitor = createDatabase(
      { ...site.env, SUPABASE_SECRET_KEY: database.env.SUPABASE_PUBLISHABLE_KEY },
      database.fetch,
    );
    const { data: session } = await visitor.auth.signInWithPassword({ email, password });
    return { id: data.user?.id, token: session.session?.access_token ?? "" };
  }

  test("200: a user sees their own jobs only", async () => {
    const { id, token } = await signIn({});
    const jobId = randomUUID();
    for (const [job, owner] of [
      [jobId, id],
      [randomUUID(), "ann"],
    ]) {
      await insertJob(database.sql, { id: job, owner });
    }
    const { body } = await come(`Bearer ${token}`);
    expect(body.items.map((job: { id: string }) => job.id)).toEqual([jobId]);
    expect((await come(`Bearer ${token}`, "/api/dead-letters")).status).toBe(403);
  });

  test("403: a user without a role cannot use any route that sends mail", async () => {
    const { token } = await signIn({ role: "editor" });
    const routes = site.app.routes.filter(({ path }) =>
      /^\/api\/(lists|campaigns|newsletter|send-newsletter)\b/.test(path),
    );
    expect(routes.length).toBeGreaterThan(10);
    for (const { method, path } of routes) {
      const answer = await site.call(method, path.replace(/:\w+/g, randomUUID()), {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
    expect((await come(`Bearer ${token}`)).status).toBe(200);
  });

  test("200: the role app in app_metadata gives a user the rights of an app key", async () => {
    const { token } = await signIn({ role: "app" });
    expect((await come(`Bearer ${token}`, "/api/lists")).status).toBe(200);
    expect((await come(`Bearer ${token}`, "/api/dead-letters")).status).toBe(403);
  });

  test("200: the role admin in app_metadata gives a user an administrator's rights", async () => {
    const { token } = await signIn({ role: "admin" });
    expect((await come(`Bearer ${token}`, "/api/dead-letters")).status).toBe(200);
  });

  test.each(["nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."])(
    "401: the malformed or unsigned token %s is refused",
    async (token) => {
      expect((await come(`Bearer ${token}`)).status).toBe(401);
    },
  );

  test("401: the project's own Supabase keys are not accepted as user tokens", async () => {
    expect((await come(`Bearer ${database.env.SUPABASE_SECRET_KEY}`)).status).toBe(401);
    expect((await come(`Bearer ${database.env.SUPABASE_PUBLISHABLE_KEY}`)).status).toBe(401);
  });
});
