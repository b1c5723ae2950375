import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, {
    outside: (input) =>
      new Request(input).url.startsWith("http://engine.local/")
        ? Promise.resolve(Response.json({ data: [] }))
        : Promise.reject(new TypeError("fetch failed")),
  });
});
afterAll(() => database.close());

describe("GET /api/health", () => {
  test("200: the process lives, whoever asks", async () => {
    const { status, body } = await site.call("GET", "/api/health");
    expect({ status, body }).toMatchObject({ status: 200, body: { status: "ok" } });
  });
});

describe("GET /api/ready", () => {
  test("200: database, migrations and engine answer", async () => {
    const { status, body } = await site.call("GET", "/api/ready");
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: "ready",
        checks: {
          database: { ok: true, problem: null },
          migrations: { ok: true, problem: null },
          engine: { ok: true, problem: null },
        },
      },
    });
  });

  test("503: says which of them does not, and nothing about why", async () => {
    const broken = await testApp(database);
    const { status, body } = await broken.call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: "not ready",
      checks: { database: { ok: true }, engine: { ok: false, problem: "The engine does not answer" } },
    });
  });

  test("503: a database that is gone is told in our own words", async () => {
    const broken = await testApp(database, {
      database: () => Promise.reject(new TypeError("fetch failed")),
    });
    const { status, body } = await broken.call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body.checks.database).toEqual({ ok: false, problem: "The database cannot be reached" });
  });

  test("503: an engine that does not take our key is not ready", async () => {
    const refused = await testApp(database, { outside: async () => new Response("", { status: 401 }) });
    const { status, body } = await refused.call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body.checks.engine).toEqual({ ok: false, problem: "The engine refuses our signing key" });
  });

  test("503: a schema that is too old for this code is named", async () => {
    await database.sql.query(
      "delete from supabase_migrations.schema_migrations where version > '20261101000100'",
    );
    const { body } = await site.call("GET", "/api/ready");
    expect(body.checks.migrations).toMatchObject({
      ok: false,
      problem: expect.stringContaining("20261101000100"),
    });
  });
});
