import { createMailProvider } from "@nightshift/local/providers/mail/provider.ts";
import { afterAll, describe, expect, test } from "vitest";
import { readEnv } from "#lib/env.ts";
import { mailChecks } from "#mail/check.ts";

/**
 * The behavior that our mailer relies on, tested with the stand-in or with Resend itself:
 *
 *   RESEND_BASE_URL=https://api.resend.com RESEND_API_KEY=re_… RESEND_FROM=you@your-verified.domain \
 *     npx vitest run tests/contracts/resend.test.ts
 *
 * It sends about ten mails to delivered@resend.dev, Resend's address for that, and keeps under its 5 requests a second.
 */
const baseUrl = process.env["RESEND_BASE_URL"];
const isReal = baseUrl !== undefined;
const apiKey = process.env["RESEND_API_KEY"] ?? "re_local";
const from = process.env["RESEND_FROM"] ?? "Nightshift <news@nightshift.dev>";
const standIn = createMailProvider({ settings: { keys: [apiKey] } });
afterAll(() => standIn.close());

const mail = (more: object = {}) => ({
  from,
  to: "delivered@resend.dev",
  subject: "Contract",
  text: "hello",
  ...more,
});
const freshKey = () => `contract:${crypto.randomUUID()}`;

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const request = new Request(new URL(path, baseUrl ?? "http://mail.local"), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (isReal) await new Promise((resolve) => setTimeout(resolve, 250));
  const response = await (isReal ? fetch(request) : standIn.fetch(request));
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe("mailChecks", () => {
  const problemWith = (key: string) => {
    const outside: typeof fetch = (input, init) => standIn.fetch(new Request(input, init));
    const env = readEnv({
      SUPABASE_URL: "https://x.supabase.co",
      SUPABASE_SECRET_KEY: "sb_secret_x",
      RESEND_BASE_URL: baseUrl ?? "http://mail.local",
      RESEND_API_KEY: key,
    });
    return mailChecks({ env, fetch: isReal ? fetch : outside })[0]?.problem();
  };

  test("accepts our key and reports another one as refused", async () => {
    expect(await problemWith(apiKey)).toBeNull();
    expect(await problemWith("re_nobody_has_this_key")).toBe("The mail provider refuses our key");
  });
});

describe("POST /emails", () => {
  test("accepts a mail and returns its id", async () => {
    const { status, body } = await post("/emails", mail());
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/),
    });
  });

  test("accepts a name with the address, several recipients and tags", async () => {
    const { status } = await post(
      "/emails",
      mail({
        to: ["delivered@resend.dev", "Zoë <delivered@resend.dev>"],
        tags: [{ name: "campaign_id", value: "c-1" }],
      }),
    );
    expect(status).toBe(200);
  });

  test("accepts headers", async () => {
    const headers = { "List-Unsubscribe": "<https://nightshift.dev/l/1>" };
    expect((await post("/emails", mail({ headers }))).status).toBe(200);
  });

  test.each([
    ["no recipient", { to: undefined }],
    ["an address without a domain", { to: "someone" }],
    ["an address with a space", { to: "some one@nightshift.dev" }],
    ["a recipient list with one bad address", { to: ["delivered@resend.dev", "nobody"] }],
    ["no subject", { subject: undefined }],
    ["neither html nor text", { text: undefined }],
    ["a header that is no text", { headers: { "List-Unsubscribe": { to: "x" } } }],
    ["a tag that is not ASCII", { tags: [{ name: "list", value: "größe" }] }],
  ])("422 for %s", async (_, wrong) => {
    const { status, body } = await post("/emails", mail(wrong));
    expect(status).toBe(422);
    expect(body).toMatchObject({ statusCode: 422, name: expect.any(String), message: expect.any(String) });
  });

  test("401 without an API key", async () => {
    const { status, body } = await post("/emails", mail(), { authorization: "" });
    expect({ status, body }).toMatchObject({ status: 401, body: { name: "missing_api_key" } });
  });
});

describe("POST /emails/batch", () => {
  test("returns one id per mail, in order", async () => {
    const { status, body } = await post("/emails/batch", [mail(), mail(), mail()]);
    expect(status).toBe(200);
    expect(body.data).toHaveLength(3);
    expect(new Set(body.data.map((one: { id: string }) => one.id)).size).toBe(3);
  });

  test("422 for the whole batch when one address is invalid, and no mail is sent", async () => {
    const { status, body } = await post("/emails/batch", [mail(), mail({ to: "nobody" })]);
    expect({ status, name: body.name }).toEqual({ status: 422, name: "validation_error" });
  });

  test("a permissive batch sends the valid mails and reports the invalid ones", async () => {
    const batch = [mail(), mail({ to: "nobody" }), mail()];
    const { status, body } = await post("/emails/batch", batch, { "x-batch-validation": "permissive" });
    expect(status).toBe(200);
    expect(body.data).toHaveLength(2);
    expect(body.errors).toEqual([{ index: 1, message: expect.any(String) }]);
  });

  test("422 for more than 100 mails", async () => {
    const { status } = await post(
      "/emails/batch",
      Array.from({ length: 101 }, () => mail()),
    );
    expect(status).toBe(422);
  });
});

describe("Idempotency-Key", () => {
  test("the same request again gets the same response", async () => {
    const key = { "idempotency-key": freshKey() };
    const first = await post("/emails/batch", [mail(), mail()], key);
    const again = await post("/emails/batch", [mail(), mail()], key);
    expect(again).toMatchObject({ status: 200, body: first.body });
  });

  test("409 for a known key with other content", async () => {
    const key = { "idempotency-key": freshKey() };
    await post("/emails", mail(), key);
    const { status, body } = await post("/emails", mail({ subject: "Other" }), key);
    expect({ status, name: body.name }).toEqual({ status: 409, name: "invalid_idempotent_request" });
  });

  test("400 for a key over 256 characters", async () => {
    const { status, body } = await post("/emails", mail(), { "idempotency-key": "k".repeat(257) });
    expect({ status, name: body.name }).toEqual({ status: 400, name: "invalid_idempotency_key" });
  });
});
