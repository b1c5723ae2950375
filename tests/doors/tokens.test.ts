import { createHmac, generateKeyPairSync, randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
/** Calls to Supabase Auth, except those of the tests themselves. */
const asked: string[] = [];
let authIsDown = false;

beforeAll(async () => {
  const real = await freshDatabase();
  const watched: typeof fetch = (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input));
    if (!pathname.startsWith("/auth/v1")) return real.fetch(input, init);
    asked.push(pathname);
    return authIsDown ? Promise.reject(new TypeError("fetch failed")) : real.fetch(input, init);
  };
  database = { ...real, fetch: watched };
  site = await testApp(database);
});
afterAll(() => database.close());
afterEach(() => {
  authIsDown = false;
  vi.useRealTimers();
});

const come = (token: string, method = "GET", path = "/api/jobs") =>
  site.call(method, path, { headers: { authorization: `Bearer ${token}` } });

const seconds = () => Math.floor(Date.now() / 1000);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token that the project's own key has signed, with the claims of an administrator and these changes. */
async function signed(changes: Record<string, unknown> = {}, header: Record<string, unknown> = {}) {
  const { signing } = database.keys;
  return new SignJWT({ ...claimsOf(randomUUID()), ...changes })
    .setProtectedHeader({ alg: String(signing.alg), kid: String(signing.kid), ...header })
    .sign(await importJWK(signing));
}

const claimsOf = (sub: string) => ({
  sub,
  aud: "authenticated",
  iss: `${database.env.SUPABASE_URL}/auth/v1`,
  role: "authenticated",
  session_id: randomUUID(),
  is_anonymous: false,
  app_metadata: { role: "user" },
  iat: seconds(),
  exp: seconds() + 3600,
});

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
  return { id: data.user?.id ?? "", token: session.session?.access_token ?? "", visitor };
}

/** A token signed by a key of another project. */
async function forged(alg: "ES256" | "RS256", kid: string) {
  const { privateKey } =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return new SignJWT({ ...claimsOf(randomUUID()), app_metadata: { role: "admin" } })
    .setProtectedHeader({ alg, kid })
    .sign(privateKey);
}

const kid = () => String(database.keys.signing.kid);
const unsigned = (alg: string) => `${base64({ alg, kid: kid() })}.${base64(claimsOf(randomUUID()))}.`;

/** A token signed with a secret that an attacker knows: the project's public key. */
function signedByPublicKey() {
  const { d: _, ...publicKey } = database.keys.signing;
  const head = `${base64({ alg: "HS256", kid: kid() })}.${base64(claimsOf(randomUUID()))}`;
  const signature = createHmac("sha256", JSON.stringify(publicKey)).update(head).digest("base64url");
  return `${head}.${signature}`;
}

const admin = { app_metadata: { role: "admin" } };

/** Invalid tokens: what is wrong with each, and how it is made. */
const BAD: [string, () => Promise<string> | string][] = [
  ["alg none", () => unsigned("none")],
  ["ES256 without a signature", () => unsigned("ES256")],
  ["HS256 with the public key as its secret", signedByPublicKey],
  ["RS256 with our key's id", () => forged("RS256", kid())],
  ["ES256 by another key with our key's id", () => forged("ES256", kid())],
  ["an unknown key", () => forged("ES256", randomUUID())],
  ["no key id", async () => signed({}, { kid: undefined })],
  ["a key id that is an object", async () => `${base64({ alg: "ES256", kid: {} })}.e30.AAAA`],
  [
    "a critical header that we do not know",
    async () => `${base64({ alg: "ES256", kid: kid(), crit: ["x"], x: 1 })}.e30.AAAA`,
  ],
  ["another audience", () => signed({ aud: "somebody" })],
  ["no audience", () => signed({ aud: undefined })],
  ["another issuer", () => signed({ iss: "https://other.supabase.co/auth/v1" })],
  ["no issuer", () => signed({ iss: undefined })],
  ["not valid yet", () => signed({ nbf: seconds() + 600 })],
  ["issued in the future", () => signed({ iat: seconds() + 600, exp: seconds() + 1200 })],
  ["expired", () => signed({ iat: seconds() - 7200, exp: seconds() - 3600 })],
  ["no expiry", () => signed({ exp: undefined })],
  ["no time of issue", () => signed({ iat: undefined })],
  ["an expiry in ten years", () => signed({ exp: seconds() + 10 * 365 * 86_400 })],
  [
    "issued ten years ago, with a lifetime of more than ten years",
    () => signed({ iat: seconds() - 315_360_000, exp: seconds() + 3600 }),
  ],
  ["issued to another application", () => signed({ client_id: randomUUID() })],
  ["an anonymous user", () => signed({ is_anonymous: true })],
  ["the project's own service role", () => signed({ role: "service_role" })],
  ["no session", () => signed({ session_id: undefined })],
  ["no user", () => signed({ sub: undefined })],
  ["an administrator whom Auth does not know", () => signed(admin)],
  [
    "a deleted administrator",
    async () => {
      const { id, token } = await signIn({ role: "admin" });
      await site.db.auth.admin.deleteUser(id);
      return token;
    },
  ],
  [
    "a banned administrator",
    async () => {
      const { id, token } = await signIn({ role: "admin" });
      await database.sql.query("update auth.users set banned_until = now() + interval '1 h' where id = $1", [
        id,
      ]);
      return token;
    },
  ],
  [
    "a signed-out administrator",
    async () => {
      const { token, visitor } = await signIn({ role: "admin" });
      await visitor.auth.signOut();
      return token;
    },
  ],
];

describe("an invalid user token opens no route", () => {
  test.each(BAD)("401: %s", async (_, make) => {
    const token = await make();
    const wrong: string[] = [];
    for (const { method, path, policy } of site.app.routes) {
      // A provider's signature is no token.
      if (policy === "public" || policy === "signature") continue;
      const { status } = await come(token, method, path.replace(/:\w+/g, randomUUID()));
      if (status !== 401) wrong.push(`${method} ${path}: ${status}`);
    }
    expect(wrong).toEqual([]);
  });

  test("200: the valid token from which the invalid ones are made is accepted", async () => {
    expect((await come(await signed())).status).toBe(200);
    expect((await come(await signed({ nbf: seconds() }))).status).toBe(200);
  });
});

describe("requests to Supabase Auth", () => {
  test("repeated junk tokens, even with unknown key ids, cause at most one request a minute", async () => {
    const fresh = await testApp(database);
    const junk = [
      ...Array.from({ length: 100 }, () => unsigned("none")),
      ...Array.from({ length: 100 }, () => signedByPublicKey()),
      ...(await Promise.all(Array.from({ length: 100 }, () => forged("ES256", randomUUID())))),
    ];
    const knock = async () => {
      const answers = await Promise.all(
        junk.map((token) =>
          fresh.call("GET", "/api/jobs", { headers: { authorization: `Bearer ${token}` } }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    };
    asked.length = 0;
    await knock();
    await knock();
    expect(asked).toEqual(["/auth/v1/.well-known/jwks.json"]);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    await knock();
    expect(asked).toHaveLength(2);
  });

  test("200: a signing key that was added later is found", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 200_000 });
    expect((await come(await signed())).status).toBe(200);
  });

  test("a user's token is checked locally; an administrator's session is checked with Auth once in ten seconds", async () => {
    const user = await signIn({});
    const operator = await signIn({ role: "admin" });
    await come(user.token);
    asked.length = 0;
    for (let n = 0; n < 5; n++) {
      expect((await come(user.token)).status).toBe(200);
      expect((await come(operator.token, "GET", "/api/dead-letters")).status).toBe(200);
    }
    expect(asked).toEqual(["/auth/v1/user"]);
  });

  test("503: while Auth is down, an administrator's token cannot be checked; 200: a user's token can", async () => {
    const user = await signIn({});
    const operator = await signIn({ role: "admin" });
    await come(user.token);
    authIsDown = true;
    expect(await come(operator.token)).toMatchObject({ status: 503, body: { code: "database_unavailable" } });
    expect((await come(user.token)).status).toBe(200);
    expect((await come(unsigned("none"))).status).toBe(401);
    const fresh = await testApp(database);
    const headers = { authorization: `Bearer ${user.token}` };
    expect((await fresh.call("GET", "/api/jobs", { headers })).status).toBe(503);
  });
});

test("403: an administrator whose role was removed loses its rights before the token expires", async () => {
  const { id, token } = await signIn({ role: "admin" });
  await site.db.auth.admin.updateUserById(id, { app_metadata: { role: "user" } });
  expect((await come(token, "GET", "/api/dead-letters")).status).toBe(403);
  expect((await come(token)).status).toBe(200);
});
