/**
 * Users and their tokens through supabase-js. supabase-project.ts explains how to run this against a hosted project.
 */
import type { SupabaseClient } from "@supabase/supabase-js";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isHosted, openProject, type Project } from "./supabase-project.ts";

let project: Project;
let server: SupabaseClient;
const password = "correct horse battery";
let count = 0;
const newEmail = () => `person-${Date.now()}-${(count += 1)}@auth.example`;

beforeAll(async () => {
  project = await openProject();
  server = project.client("secret");
});
afterAll(() => project.close());

/** Creates a user and signs in. */
const newPerson = async () => {
  const email = newEmail();
  const { data } = await server.auth.admin.createUser({ email, password, email_confirm: true });
  const client = project.client("publishable");
  const { data: signedIn } = await client.auth.signInWithPassword({ email, password });
  return { email, client, id: data.user?.id ?? "", token: signedIn.session?.access_token ?? "" };
};
const whoIs = (token: string) => project.client("publishable").auth.getUser(token);

describe("users", () => {
  test("sign in only with their own password", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password, email_confirm: true });
    const client = project.client("publishable");
    const { data, error } = await client.auth.signInWithPassword({ email: email.toUpperCase(), password });
    expect(error).toBeNull();
    expect(data.session).toMatchObject({ token_type: "bearer", expires_in: 3600, user: { email } });
    for (const wrong of [
      { email, password: "wrong one" },
      { email: newEmail(), password },
    ]) {
      expect((await client.auth.signInWithPassword(wrong)).error).toMatchObject({
        status: 400,
        code: "invalid_credentials",
        message: "Invalid login credentials",
      });
    }
  });

  test("that must confirm their address cannot sign in before", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password });
    const { error } = await project.client("publishable").auth.signInWithPassword({ email, password });
    expect(error).toMatchObject({ status: 400, code: "email_not_confirmed" });
  });

  test("that are banned cannot sign in until the ban ends", async () => {
    const { email, id } = await newPerson();
    const signIn = () => project.client("publishable").auth.signInWithPassword({ email, password });
    const banned = await server.auth.admin.updateUserById(id, { ban_duration: "24h" });
    expect(new Date(banned.data.user?.banned_until ?? 0).getTime()).toBeGreaterThan(Date.now());
    expect((await signIn()).error).toMatchObject({ status: 400, code: "user_banned" });
    await server.auth.admin.updateUserById(id, { ban_duration: "none" });
    expect((await signIn()).error).toBeNull();
  });

  test("are refused with a weak password or an invalid address", async () => {
    const create = (email: string, word: string) =>
      server.auth.admin.createUser({ email, password: word, email_confirm: true });
    expect((await create(newEmail(), "12345")).error).toMatchObject({ status: 422, code: "weak_password" });
    expect((await create("nobody", password)).error).toMatchObject({
      status: 400,
      code: "validation_failed",
    });
  });

  test("lose their session when they sign out", async () => {
    const { client, token } = await newPerson();
    expect((await whoIs(token)).error).toBeNull();
    expect((await client.auth.signOut()).error).toBeNull();
    expect((await whoIs(token)).error).not.toBeNull();
  });
});

describe("tokens", () => {
  test("have the claims that policies read, and are signed by a published key", async () => {
    const email = newEmail();
    const made = await server.auth.admin.createUser({
      email,
      password,
      email_confirm: true,
      app_metadata: { role: "admin", team: "a" },
    });
    const client = project.client("publishable");
    const { data } = await client.auth.signInWithPassword({ email, password });
    const token = data.session?.access_token ?? "";
    const keys = createRemoteJWKSet(new URL(`${project.url}/auth/v1/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(token, keys, { audience: "authenticated" });
    expect(protectedHeader.alg).toBe("ES256");
    expect(payload).toMatchObject({
      sub: made.data.user?.id,
      role: "authenticated",
      email,
      aal: "aal1",
      is_anonymous: false,
      app_metadata: { provider: "email", providers: ["email"], role: "admin", team: "a" },
      session_id: expect.any(String),
    });
    const claims = await client.auth.getClaims(token);
    expect(claims.error).toBeNull();
    expect(claims.data?.claims).toMatchObject({ sub: made.data.user?.id, app_metadata: { role: "admin" } });
    expect((await server.auth.getUser(token)).data.user).toMatchObject({ id: made.data.user?.id, email });
  });

  test("of other projects are refused", async () => {
    const { error } = await project.client("publishable").auth.getUser("eyJhbGciOiJub25lIn0.e30.");
    expect(error).toMatchObject({ status: 403, code: "bad_jwt" });
  });

  test("of a deleted user are refused", async () => {
    const { id, token } = await newPerson();
    await server.auth.admin.deleteUser(id);
    expect((await whoIs(token)).error).toMatchObject({ status: 403, code: "user_not_found" });
  });
});

describe("the admin API", () => {
  test("creates, reads, changes, lists and deletes users", async () => {
    const email = newEmail();
    const { data } = await server.auth.admin.createUser({ email, password, user_metadata: { a: 1, b: 2 } });
    const id = data.user?.id ?? "";
    expect((await server.auth.admin.getUserById(id)).data.user).toMatchObject({ id, email });
    const changed = await server.auth.admin.updateUserById(id, {
      app_metadata: { role: "admin" },
      user_metadata: { b: null, c: 3 },
      email_confirm: true,
    });
    expect(changed.data.user).toMatchObject({
      app_metadata: { provider: "email", role: "admin" },
      email_confirmed_at: expect.any(String),
    });
    expect(changed.data.user?.user_metadata).toEqual({ a: 1, c: 3 });
    const list = await server.auth.admin.listUsers({ page: 1, perPage: 1000 });
    expect(list.data.users.map((user) => user.id)).toContain(id);
    expect((await server.auth.admin.deleteUser(id)).error).toBeNull();
    expect((await server.auth.admin.getUserById(id)).error).toMatchObject({
      status: 404,
      code: "user_not_found",
    });
  });

  test("refuses an address that a user already has", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password });
    expect((await server.auth.admin.createUser({ email, password })).error).toMatchObject({
      status: 422,
      code: "email_exists",
    });
  });

  test("lists users in pages", async () => {
    for (let made = 0; made < 3; made += 1)
      await server.auth.admin.createUser({ email: newEmail(), password });
    const first = await server.auth.admin.listUsers({ page: 1, perPage: 2 });
    const second = await server.auth.admin.listUsers({ page: 2, perPage: 2 });
    const ids = [...first.data.users, ...second.data.users].map((user) => user.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect("nextPage" in first.data && first.data.nextPage).toBe(2);
  });

  test("is open to the secret key only", async () => {
    expect((await project.client("publishable").auth.admin.listUsers()).error).toMatchObject({
      status: 403,
      code: "not_admin",
    });
    const { token } = await newPerson();
    const answer = await fetch(`${project.url}/auth/v1/admin/users`, {
      headers: { apikey: project.publishableKey, authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(403);
  });
});

test("a new address signs up, and a weak password is refused", async () => {
  const email = newEmail();
  const options = { data: { name: "Ada" } };
  const { data } = await project.client("publishable").auth.signUp({ email, password, options });
  expect(data.user).toMatchObject({ email, user_metadata: { name: "Ada" } });
  const weak = await project.client("publishable").auth.signUp({ email: newEmail(), password: "abc" });
  expect(weak.error).toMatchObject({ status: 422, code: "weak_password" });
});

test.skipIf(isHosted)("the local Auth confirms addresses at once, so it says that one is known", async () => {
  const { email } = await newPerson();
  const { error } = await project.client("publishable").auth.signUp({ email, password });
  expect(error).toMatchObject({ status: 422, code: "user_already_exists" });
});

test.skipIf(isHosted)("an unsupported call is refused with a reason that auth-js passes on", async () => {
  const { client } = await newPerson();
  const refusals = [
    ["POST /auth/v1/otp", await client.auth.signInWithOtp({ email: newEmail() })],
    ["grant_type=refresh_token", await client.auth.refreshSession({ refresh_token: "x" })],
    ["PUT /auth/v1/user", await client.auth.updateUser({ data: { a: 1 } })],
    ["POST /auth/v1/invite", await server.auth.admin.inviteUserByEmail(newEmail())],
  ] as const;
  for (const [words, { error }] of refusals) {
    expect(error).toMatchObject({
      status: 422,
      code: "not_modeled",
      message: expect.stringContaining(words),
    });
  }
});
