import { createApiKey } from "@nightshift/local/api-key.ts";
import type { DestinationStream } from "pino";
import { createApp } from "#app.ts";
import { type Clock, systemClock } from "#lib/clock.ts";
import { createDatabase } from "#lib/database/client.ts";
import { type Env, readEnv } from "#lib/env.ts";
import { BROADCAST_ENV } from "./broadcast.ts";
import type { TestDatabase } from "./database.ts";

type Options = {
  env?: Record<string, string>;
  clock?: Clock;
  /** Answers all calls except those to the database; refuses by default. */
  outside?: typeof fetch;
  /** Answers the app's calls to the database, instead of the database. */
  database?: typeof fetch;
  /** Receives the log lines. */
  log?: DestinationStream;
};

export const testEnv = (database: TestDatabase, extra: Record<string, string> = {}): Env =>
  readEnv({
    ...database.env,
    INNGEST_DEV: "http://engine.local",
    LOG_LEVEL: "silent",
    RESEND_BASE_URL: "http://mail.local",
    RESEND_API_KEY: "re_test",
    CANARY_MINUTES: "0",
    WEBHOOK_KEYS: "test:bmlnaHRzaGlmdC1sb2NhbC13ZWJob29rLWtleS0wMDE=",
    ...BROADCAST_ENV,
    ...extra,
  });

/** The whole app on a test database, with the keys of an administrator and of two ordinary callers. */
export async function testApp(
  database: TestDatabase,
  { env: extra = {}, clock = systemClock, outside, database: instead, log }: Options = {},
) {
  const env = testEnv(database, extra);
  const fetch: typeof globalThis.fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url.startsWith(database.env.SUPABASE_URL)) return (instead ?? database.fetch)(input, init);
    if (outside) return outside(input, init);
    return Promise.reject(new TypeError(`fetch failed: nobody answers ${url}`));
  };
  const app = createApp(env, { fetch, clock, ...(log === undefined ? {} : { log }) });
  const db = createDatabase(env, fetch);
  const key = (role: "app" | "admin", owner: string) =>
    createApiKey(database.project, { name: owner, role, owner });
  const keys = {
    admin: await key("admin", "operator"),
    ann: await key("app", "ann"),
    bob: await key("app", "bob"),
  };

  /** One call of the API; a plain object is sent as JSON. */
  async function call(method: string, path: string, init: CallInit = {}) {
    const { as, body, headers } = init;
    const isJson = body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array);
    const request = new Request(`http://site.local${path}`, {
      method,
      headers: {
        ...(as === undefined ? {} : { authorization: `Bearer ${keys[as]}` }),
        ...(isJson ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as string) }),
    });
    const response = await app.doors.api(request);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
  }
  return { app, call, db, env, keys, fetch };
}

export type CallInit = {
  as?: "admin" | "ann" | "bob";
  body?: unknown;
  headers?: Record<string, string>;
};
export type TestApp = Awaited<ReturnType<typeof testApp>>;
