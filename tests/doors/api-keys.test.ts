import { execFile } from "node:child_process";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { serve } from "@hono/node-server";
import { createApiKey, revokeApiKey } from "@nightshift/local/api-key.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
let now = new Date("2026-05-01T12:00:00Z");
const minutes = (count: number) => {
  now = new Date(now.getTime() + count * 60_000);
};

beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { clock: { now: () => now } });
  await database.sql.query("update api_keys set created_at = $1", [now]);
});
afterAll(() => database.close());

const come = (key: string) => site.call("GET", "/api/jobs", { headers: { authorization: `Bearer ${key}` } });
const make = (body: Record<string, unknown>) => site.call("POST", "/api/keys", { as: "admin", body });
const found = async (id: string) => {
  const { body } = await site.call("GET", "/api/keys?limit=100", { as: "admin" });
  return body.items.find((key: { id: string }) => key.id === id);
};

describe("administrators manage API keys", () => {
  test("201: a key is shown once, has the rights of its role, and only its hash is stored", async () => {
    const { status, body } = await make({ name: "web shop", role: "app", owner: "shop" });
    expect(status).toBe(201);
    expect(body.key).toMatch(/^ns_[a-z0-9]{12}_[A-Za-z0-9_-]{43}$/);
    expect((await come(body.key)).status).toBe(200);
    const { rows } = await database.sql.query("select * from api_keys");
    const secret = body.key.slice(16);
    expect(JSON.stringify([rows, await found(body.id)])).not.toContain(secret);
    expect(await found(body.id)).toEqual({
      id: body.id,
      name: "web shop",
      role: "app",
      owner: "shop",
      createdAt: expect.any(String),
      expiresAt: null,
      lastUsedAt: expect.any(String),
      revokedAt: null,
    });
  });

  test("401: an expired key is refused; 400: a key with an expiry in the past is not created", async () => {
    const expiresAt = new Date(now.getTime() + 60_000).toISOString();
    const { body } = await make({ name: "short", role: "app", owner: "shop", expiresAt });
    expect((await come(body.key)).status).toBe(200);
    minutes(1);
    expect((await come(body.key)).status).toBe(401);
    const past = await make({ name: "late", role: "app", owner: "shop", expiresAt: now.toISOString() });
    expect(past).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });

  test("204: a key is revoked, and is refused afterwards; 404: an unknown key", async () => {
    const { body } = await make({ name: "lost", role: "admin", owner: "operator" });
    for (const _ of [1, 2]) {
      expect((await site.call("DELETE", `/api/keys/${body.id}`, { as: "admin" })).status).toBe(204);
    }
    expect((await come(body.key)).status).toBe(401);
    expect(await found(body.id)).toMatchObject({ revokedAt: expect.any(String) });
    for (const id of ["aaaaaaaaaaaa", "no-such-id"]) {
      expect((await site.call("DELETE", `/api/keys/${id}`, { as: "admin" })).status).toBe(404);
    }
  });

  test("the last use of a key is stored at most once a minute, and not for a wrong secret", async () => {
    const { body } = await make({ name: "busy", role: "app", owner: "shop" });
    await come(`${body.key.slice(0, -3)}AAA`);
    expect((await found(body.id)).lastUsedAt).toBeNull();
    const versions = new Set<string>();
    const use = async (times: number) => {
      for (let n = 0; n < times; n++) {
        expect((await come(body.key)).status).toBe(200);
        const { rows } = await database.sql.query("select xmin from api_keys where id = $1", [body.id]);
        versions.add(rows[0].xmin);
      }
    };
    await use(5);
    expect(versions.size).toBe(1);
    minutes(1);
    await use(5);
    expect(versions.size).toBe(2);
    expect(Date.parse((await found(body.id)).lastUsedAt)).toBe(now.getTime());
  });

  test("the list of keys is newest first, and its pages show each key once", async () => {
    const { rows } = await database.sql.query("select id from api_keys order by created_at desc, id desc");
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await site.call("GET", `/api/keys?limit=2${cursor}`, { as: "admin" });
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  test("403: an app key cannot list, create or revoke keys", async () => {
    for (const [method, path] of [
      ["GET", "/api/keys"],
      ["POST", "/api/keys"],
      ["DELETE", "/api/keys/aaaaaaaaaaaa"],
    ] as const) {
      expect((await site.call(method, path, { as: "ann" })).status).toBe(403);
    }
  });
});

const failed = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

describe("npm run key", () => {
  let server: ReturnType<typeof serve>;
  let url: string;
  beforeAll(async () => {
    const pass = (request: Request) => {
      const { pathname, search } = new URL(request.url);
      return database.fetch(new Request(`${database.env.SUPABASE_URL}${pathname}${search}`, request));
    };
    url = await new Promise((listening) => {
      server = serve({ fetch: pass, port: 0, hostname: "127.0.0.1" }, ({ port }: AddressInfo) =>
        listening(`http://127.0.0.1:${port}`),
      );
    });
  });
  afterAll(() => new Promise((closed) => server.close(closed)));

  const key = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", "local/key.ts", ...args], {
      cwd: resolve(import.meta.dirname, "../.."),
      env: {
        PATH: process.env["PATH"],
        SUPABASE_URL: url,
        SUPABASE_SECRET_KEY: database.env.SUPABASE_SECRET_KEY,
      },
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
      (error: unknown) => failed.parse(error),
    );

  test("creates, lists and revokes keys; an error ends with exit code 1 and one sentence", async () => {
    const made = await key(
      "create",
      "--role",
      "app",
      "--owner",
      "shop",
      "--days",
      "30",
      "--name",
      "of the shell",
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ns_[a-z0-9]{12}_/) });
    const id = made.stdout.slice(3, 15);
    const listed = await key("list");
    expect(listed.stdout).toMatch(
      new RegExp(`^${id}\tapp\tshop\tlast used never\texpires 20.*\tof the shell$`, "m"),
    );
    expect(listed.stdout).not.toContain(made.stdout.trim().slice(16));
    expect(await key("revoke", id)).toMatchObject({ code: 0, stdout: "Revoked.\n" });
    expect((await key("list")).stdout).toMatch(new RegExp(`^${id}\t.*\trevoked 20`, "m"));

    expect(await key("revoke", "aaaaaaaaaaaa")).toMatchObject({
      code: 1,
      stderr: "No API key has this id.\n",
    });
    expect(await key("create", "--role", "app")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("needs --owner"),
    });
  });
});

test("a key that the stack creates for itself can be revoked by key or by id", async () => {
  const made = await createApiKey(database.project, { name: "x", role: "admin", owner: "x" });
  await expect(revokeApiKey(database.project, made)).resolves.toBe(true);
  await expect(revokeApiKey(database.project, made.slice(3, 15))).resolves.toBe(true);
  await expect(revokeApiKey(database.project, "aaaaaaaaaaaa")).resolves.toBe(false);
});
