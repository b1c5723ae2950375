import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { startSmtp } from "../support/smtp.ts";

let database: TestDatabase;
let site: TestApp;

const urlOf = (input: string | URL | Request) => (input instanceof Request ? input.url : String(input));

/** Services that answer, and accept only the keys of the tests. */
const services: typeof fetch = async (input, init) => {
  const { url, headers } = new Request(input, init);
  const answers: Record<string, () => Response> = {
    "http://engine.local/v1/events?limit=1": () => Response.json({ data: [] }),
    "http://engine.local/e/event-key": () => Response.json({ ids: [""], status: 200 }),
    "http://mail.local/domains": () =>
      headers.get("authorization") === "Bearer re_test"
        ? Response.json({ data: [] })
        : Response.json({ name: "validation_error", message: "API key is invalid" }, { status: 400 }),
  };
  const answer = answers[url];
  if (answer !== undefined) return answer();
  if (url === "http://engine.local/e/unknown") return new Response("", { status: 404 });
  if (url.startsWith("http://engine.local/e/")) return new Response("", { status: 401 });
  throw new TypeError("fetch failed");
};
const appWith = (env: Record<string, string> = {}, outside: typeof fetch = services) =>
  testApp(database, { env: { INNGEST_EVENT_KEY: "event-key", ...env }, outside });

beforeAll(async () => {
  database = await freshDatabase();
  site = await appWith();
});
afterAll(() => database.close());

describe("GET /api/health", () => {
  test("200: the process answers without a key", async () => {
    const { status, body } = await site.call("GET", "/api/health");
    expect({ status, body }).toMatchObject({ status: 200, body: { status: "ok" } });
  });
});

describe("GET /api/ready", () => {
  test("200: every needed service answers and accepts our keys", async () => {
    const { status, body } = await site.call("GET", "/api/ready");
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: "ready",
        checks: {
          database: { ok: true, problem: null },
          migrations: { ok: true, problem: null },
          "sign-in": { ok: true, problem: null },
          engine: { ok: true, problem: null },
          events: { ok: true, problem: null },
          mail: { ok: true, problem: null },
        },
      },
    });
  });

  test("503: the answer names the failing service, but not the internal cause", async () => {
    const broken = await testApp(database);
    const { status, body } = await broken.call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: "not ready",
      checks: { database: { ok: true }, engine: { ok: false, problem: "The engine does not answer" } },
    });
  });

  test("503: an unreachable database is reported in a fixed sentence", async () => {
    const broken = await testApp(database, {
      database: () => Promise.reject(new TypeError("fetch failed")),
    });
    const { status, body } = await broken.call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body.checks.database).toEqual({ ok: false, problem: "The database cannot be reached" });
  });

  test.each([
    ["engine", {}, "The engine refuses our signing key"],
    ["events", { INNGEST_EVENT_KEY: "another" }, "The engine refuses our event key"],
    // Inngest answers 404 for an event key that it does not know.
    ["events", { INNGEST_EVENT_KEY: "unknown" }, "The engine refuses our event key"],
    ["sign-in", { SUPABASE_PUBLISHABLE_KEY: "sb_publishable_x" }, "Supabase refuses our publishable key"],
    ["database", { SUPABASE_SECRET_KEY: "sb_secret_x" }, "Supabase refuses our secret key"],
    ["mail", { RESEND_API_KEY: "re_another" }, "The mail provider refuses our key"],
  ])("503: a key that a service refuses is reported: %s", async (name, env, problem) => {
    const outside: typeof fetch = async (input, init) =>
      name === "engine" && urlOf(input).includes("/v1/")
        ? new Response("", { status: 401 })
        : services(input, init);
    const { status, body } = await (await appWith(env, outside)).call("GET", "/api/ready");
    expect(status).toBe(503);
    expect(body.checks[name]).toEqual({ ok: false, problem });
  });

  test.each([
    ["another", "The SMTP server refuses our password"],
    ["secret", null],
  ])("an SMTP server is checked with our password: %s", async (password, problem) => {
    const smtp = await startSmtp({ password });
    const env = { MAIL_PROVIDERS: "resend,smtp", SMTP_URL: smtp.url };
    const { body } = await (await appWith(env)).call("GET", "/api/ready");
    expect(body.checks.smtp).toEqual({ ok: problem === null, problem });
    await smtp.close();
    const later = await (await appWith(env)).call("GET", "/api/ready");
    expect(later.body.checks.smtp.problem).toBe("The SMTP server cannot be reached");
  });

  test("200: a mail key that is restricted to sending is valid", async () => {
    const restricted = {
      name: "restricted_api_key",
      message: "This API key is restricted to only send emails",
    };
    const { body } = await (
      await appWith({}, async (input, init) =>
        urlOf(input) === "http://mail.local/domains"
          ? Response.json(restricted, { status: 401 })
          : services(input, init),
      )
    ).call("GET", "/api/ready");
    expect(body.checks.mail).toEqual({ ok: true, problem: null });
  });

  test("503: a database schema that is too old for the code is reported", async () => {
    await database.sql.query(
      "delete from supabase_migrations.schema_migrations where version > '20261101000100'",
    );
    const { body } = await (await appWith()).call("GET", "/api/ready");
    expect(body.checks.migrations).toMatchObject({
      ok: false,
      problem: expect.stringContaining("20261101000100"),
    });
  });
});
