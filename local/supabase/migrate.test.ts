import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { createGateway } from "#supabase/gateway.ts";
import { newKeys } from "#supabase/keys.ts";
import { migrate } from "#supabase/migrate.ts";
import { startThrowaway } from "#supabase/throwaway.ts";

const cluster = inject("testCluster");
let owner: pg.Client;
let url: string;
let directory: string;
let name: string;
let count = 0;

const urlOf = (change: (url: URL) => void) => {
  const made = new URL(cluster.url);
  made.pathname = `/${name}`;
  change(made);
  return made.href;
};
const ask = async (text: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};
const write = (file: string, sql: string) => fs.writeFileSync(path.join(directory, file), sql);

beforeAll(async () => {
  owner = new pg.Client({ connectionString: cluster.url });
  await owner.connect();
});
afterAll(() => owner.end());
beforeEach(async () => {
  name = `migrate_${process.pid}_${(count += 1)}`;
  await owner.query(`create database ${name}`);
  url = urlOf(() => {});
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-migrate-"));
});
afterEach(async () => {
  await owner.query(`drop database ${name} with (force)`);
  fs.rmSync(directory, { recursive: true });
});

test("each file is applied once, in order, and is recorded where the Supabase CLI looks", async () => {
  write("20260101000002_second.sql", "insert into public.t values (2);");
  write("20260101000001_first.sql", "create table public.t (id int);\n\ninsert into public.t values (1);");
  write("notes.txt", "not a migration");
  expect(await migrate(url, directory)).toEqual(["20260101000001_first.sql", "20260101000002_second.sql"]);
  expect(await migrate(url, directory)).toEqual([]);
  expect(
    await ask("select version, name, statements from supabase_migrations.schema_migrations order by 1"),
  ).toEqual([
    {
      version: "20260101000001",
      name: "first",
      statements: ["create table public.t (id int);\n\ninsert into public.t values (1);"],
    },
    { version: "20260101000002", name: "second", statements: ["insert into public.t values (2);"] },
  ]);
});

test("a failing file is rolled back, and the error names the line", async () => {
  write("20260101000001_bad.sql", "create table public.t (id int);\n\ninsert into public.t\n  values ('x');");
  await expect(migrate(url, directory)).rejects.toThrow(
    '20260101000001_bad.sql:4: invalid input syntax for type integer: "x" (22P02)',
  );
  expect(await ask("select to_regclass('public.t')::text as t")).toEqual([{ t: null }]);
});

test("a file that changed after it was applied is refused, unless only its layout changed", async () => {
  write("20260101000001_a.sql", "create table public.t (id int);\n\ncreate table public.u (id int);");
  await migrate(url, directory);
  write("20260101000001_a.sql", "create table public.t (id   int);\ncreate table public.u\n(id int)");
  expect(await migrate(url, directory)).toEqual([]);
  // The Supabase CLI records every statement separately.
  await ask(
    "update supabase_migrations.schema_migrations set statements = '{create table public.t (id int),create table public.u (id int)}'",
  );
  expect(await migrate(url, directory)).toEqual([]);
  write("20260101000001_a.sql", "create table public.t (id int);\n\ncreate table public.u (id bigint);");
  await expect(migrate(url, directory)).rejects.toThrow(
    "20260101000001_a.sql was changed after it was applied",
  );
});

test("two simultaneous starts apply every file once", async () => {
  write("20260101000001_a.sql", "create table public.t (id int);");
  const both = await Promise.all([migrate(url, directory), migrate(url, directory)]);
  expect(both.flat()).toEqual(["20260101000001_a.sql"]);
});

test("the database has the roles, auth functions and default privileges of hosted projects", async () => {
  write(
    "20260101000001_a.sql",
    `create table public.t (id int);
     create function public.f() returns uuid language sql as 'select auth.uid()';`,
  );
  await migrate(url, directory);
  const [row] = await ask(`select has_table_privilege('anon', 'public.t', 'insert') as anon_writes,
    has_function_privilege('authenticated', 'public.f()', 'execute') as users_call,
    (select rolbypassrls from pg_roles where rolname = 'service_role') as service_bypasses,
    auth.uid() as uid, auth.role() as role`);
  expect(row).toEqual({ anon_writes: true, users_call: true, service_bypasses: true, uid: null, role: null });
});

test("a database that Supabase created is not changed by the prelude", async () => {
  // Roles belong to the whole cluster, which other tests share, so this test uses its own cluster.
  const supabase = await startThrowaway();
  const client = new pg.Client({ connectionString: supabase.url });
  await client.connect();
  await client.query("create role supabase_auth_admin; create schema supabase_migrations");
  await client.query(
    "create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text)",
  );
  await migrate(supabase.url, directory);
  const { rows } = await client.query("select to_regnamespace('auth')::text as auth");
  expect(rows).toEqual([{ auth: null }]);
  await client.end();
  await supabase.stop();
});

test("a role without rights gets the list of grants that it needs, and works with them", async () => {
  const role = `${name}_app`;
  await owner.query(`create role ${role} login password 'x'`);
  const ordinary = urlOf((made) => {
    made.username = role;
    made.password = "x";
  });
  const failure = await migrate(ordinary, directory).then(
    () => "no failure",
    (error: unknown) => String(error),
  );
  expect(failure).toContain(`The role "${role}" lacks rights on this database. As a superuser run:`);
  const [, ...statements] = failure.split("\n");
  expect(statements).toHaveLength(3);
  await ask(statements.join("\n"));
  write(
    "20260101000001_a.sql",
    "create function public.who() returns text language sql as 'select current_user::text'",
  );
  expect(await migrate(ordinary, directory)).toHaveLength(1);

  const keys = await newKeys();
  // Options in the database URL must not replace the role of requests.
  const databaseUrl = `${ordinary}?options=-c%20role%3D${role}`;
  const gateway = await createGateway({ databaseUrl, keys, storageDir: directory });
  const client = createClient("http://supabase.local", keys.secret, {
    auth: { persistSession: false },
    global: { fetch: gateway.fetch },
    realtime: { transport: Function as never },
  });
  expect((await client.rpc("who")).data).toBe("service_role");
  await gateway.close();
  await ask(`drop owned by ${role} cascade`);
  await owner.query(`drop role ${role}`);
});
