import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "#app.ts";
import { allFunctions } from "#functions.ts";
import { readEnv } from "#lib/env.ts";
import { signatureOfNothing } from "../../scripts/sync.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const signingKey = "signkey-prod-00ff00ff";
let database: TestDatabase;
let handle: (request: Request) => Promise<Response>;

beforeAll(async () => {
  database = await freshDatabase();
  const env = readEnv({
    ...database.env,
    SUPABASE_URL: "https://supabase.local",
    NIGHTSHIFT_ENV: "production",
    INNGEST_EVENT_KEY: "event-key",
    INNGEST_SIGNING_KEY: signingKey,
    LINK_SECRET: "x".repeat(32),
    RESEND_API_KEY: "re_test",
    LOG_LEVEL: "silent",
  });
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { url } = new Request(input, init);
    return database.fetch(url.replace("https:", "http:"), init);
  };
  handle = createApp(env, { fetch }, allFunctions).doors.inngest;
});
afterAll(() => database.close());

const body = JSON.stringify({
  ctx: { run_id: "r", attempt: 0, fn_id: "f" },
  event: { name: "x", data: {} },
  events: [],
  steps: {},
});
const sign = (key: string, at = Math.floor(Date.now() / 1000)) => {
  const mac = createHmac("sha256", key.replace(/^signkey-\w+-/, ""))
    .update(canonical(JSON.parse(body)) + String(at))
    .digest("hex");
  return `t=${at}&s=${mac}`;
};
const call = (method: string, signature?: string, functionId = "catch-failures") =>
  handle(
    new Request(`https://site.example/api/inngest?fnId=nightshift-${functionId}&stepId=step`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(signature === undefined ? {} : { "x-inngest-signature": signature }),
      },
      ...(method === "POST" ? { body } : {}),
    }),
  );

describe("in production /api/inngest accepts only requests that Inngest signed", () => {
  test.each([
    ["no signature", undefined],
    ["nonsense", "t=1&s=2"],
    ["another key's signature", sign("signkey-prod-aaaa")],
    ["a signature of yesterday", sign(signingKey, Math.floor(Date.now() / 1000) - 86_400)],
  ])("401: %s", async (_, signature) => {
    const response = await call("POST", signature);
    expect(response.status).toBe(401);
  });

  test("a request with a valid signature is accepted", async () => {
    expect((await call("POST", sign(signingKey))).status).not.toBe(401);
  });

  test.each(["send-email-campaign", "generate-report", "process-webhook"])(
    "S4-23, S4-76: serves %s",
    async (id) => {
      const unserved = await call("POST", sign(signingKey), "no-function-of-ours");
      expect(await unserved.text()).toContain("no-function-of-ours");
      const served = await call("POST", sign(signingKey), id);
      expect(served.status).not.toBe(401);
      expect(await served.text()).not.toContain(`nightshift-${id}`);
    },
  );

  test.each(["GET", "PUT"])(
    "401: an unsigned %s, which would list or register the functions",
    async (method) => {
      const response = await call(method);
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain("send-email-campaign");
    },
  );

  test("the signature of npm run sync is accepted", async () => {
    expect((await call("PUT", signatureOfNothing(signingKey, new Date()))).status).not.toBe(401);
    expect((await call("PUT", signatureOfNothing("signkey-prod-aaaa", new Date()))).status).toBe(401);
  });
});

/** JSON with sorted keys, which is what is signed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
}
