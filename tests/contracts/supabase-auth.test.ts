/** Users and their tokens through supabase-js. How to ask a hosted project the same: supabase-project.ts. */
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

describe("people", () => {
  test("sign up, and are signed in", async () => {
    const email = newEmail();
    const { data, error } = await project
      .client("publishable")
      .auth.signUp({ email, password, options: { data: { name: "Ann" } } });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({ email, role: "authenticated", user_metadata: { name: "Ann" } });
    expect(data.session).toMatchObject({ token_type: "bearer", expires_in: 3600, user: { email } });
    const again = await project.client("publishable").auth.signUp({ email, password });
    expect(again.error).toMatchObject({ status: 422, code: "user_already_exists" });
  });

  test("sign in by password, and only by theirs", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password, email_confirm: true });
    const client = project.client("publishable");
    expect((await client.auth.signInWithPassword({ email: email.toUpperCase(), password })).error).toBeNull();
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

  test("who must confirm the address first cannot sign in", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password });
    const { error } = await project.client("publishable").auth.signInWithPassword({ email, password });
    expect(error).toMatchObject({ status: 400, code: "email_not_confirmed" });
  });

  test("weak passwords and addresses that are none are refused", async () => {
    const client = project.client("publishable");
    expect((await client.auth.signUp({ email: newEmail(), password: "12345" })).error).toMatchObject({
      status: 422,
      code: "weak_password",
    });
    expect((await client.auth.signUp({ email: "nobody", password })).error).toMatchObject({
      status: 400,
      code: "validation_failed",
    });
  });

  test("refresh once by each token; an old one ends the session", async () => {
    const client = project.client("publishable");
    const { data } = await client.auth.signUp({ email: newEmail(), password });
    const first = data.session?.refresh_token ?? "";
    const refreshed = await client.auth.refreshSession({ refresh_token: first });
    expect(refreshed.error).toBeNull();
    expect(refreshed.data.session?.refresh_token).not.toBe(first);
    expect((await client.auth.getUser(refreshed.data.session?.access_token)).data.user?.id).toBe(
      data.user?.id,
    );
    // Ten seconds of grace for a lost answer; then it counts as stolen.
    if (isHosted) return;
    await project.sql("update auth.refresh_tokens set revoked_at = revoked_at - interval '1 minute'");
    const stolen = await project.client("publishable").auth.refreshSession({ refresh_token: first });
    expect(stolen.error).toMatchObject({ status: 400, code: "refresh_token_already_used" });
    const ended = await project
      .client("publishable")
      .auth.refreshSession({ refresh_token: refreshed.data.session?.refresh_token ?? "" });
    expect(ended.error).toMatchObject({ status: 400, code: "refresh_token_not_found" });
  });

  test("sign out and are out", async () => {
    const client = project.client("publishable");
    const { data } = await client.auth.signUp({ email: newEmail(), password });
    expect((await client.auth.signOut()).error).toBeNull();
    const { error } = await client.auth.getUser(data.session?.access_token);
    expect(error).not.toBeNull();
  });
});

describe("tokens", () => {
  test("carry the claims that policies read, signed by a key that everybody can fetch", async () => {
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

  test("that are not ours are refused", async () => {
    const { error } = await project.client("publishable").auth.getUser("eyJhbGciOiJub25lIn0.e30.");
    expect(error).toMatchObject({ status: 403, code: "bad_jwt" });
  });

  test("of a deleted user open nothing", async () => {
    const client = project.client("publishable");
    const { data } = await client.auth.signUp({ email: newEmail(), password });
    await server.auth.admin.deleteUser(data.user?.id ?? "");
    const { error } = await project.client("publishable").auth.getUser(data.session?.access_token);
    expect(error).toMatchObject({ status: 403, code: "user_not_found" });
  });
});

describe("admin", () => {
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

  test("an address is given once", async () => {
    const email = newEmail();
    await server.auth.admin.createUser({ email, password });
    expect((await server.auth.admin.createUser({ email, password })).error).toMatchObject({
      status: 422,
      code: "email_exists",
    });
  });

  test("pages through users", async () => {
    for (let made = 0; made < 3; made += 1)
      await server.auth.admin.createUser({ email: newEmail(), password });
    const first = await server.auth.admin.listUsers({ page: 1, perPage: 2 });
    const second = await server.auth.admin.listUsers({ page: 2, perPage: 2 });
    const ids = [...first.data.users, ...second.data.users].map((user) => user.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect("nextPage" in first.data && first.data.nextPage).toBe(2);
  });

  test("is for the secret key alone", async () => {
    const client = project.client("publishable");
    expect((await client.auth.admin.listUsers()).error).toMatchObject({ status: 403, code: "not_admin" });
    const { data } = await client.auth.signUp({ email: newEmail(), password });
    const user = project.client("publishable", data.session?.access_token);
    const answer = await fetch(`${project.url}/auth/v1/admin/users`, {
      headers: { apikey: project.publishableKey, authorization: `Bearer ${data.session?.access_token}` },
    });
    expect(answer.status).toBe(403);
    expect(user).toBeDefined();
  });
});

test.skipIf(isHosted)("what is left out is refused by name", async () => {
  const answer = await fetch(`${project.url}/auth/v1/otp`, {
    method: "POST",
    headers: { apikey: project.publishableKey },
  });
  expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining("POST /auth/v1/otp")]);
});
