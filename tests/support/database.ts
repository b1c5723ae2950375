import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Project } from "@nightshift/local/api-key.ts";
import { createGateway } from "@nightshift/local/supabase/gateway.ts";
import { type Keys, newKeys } from "@nightshift/local/supabase/keys.ts";
import { type Catalog, readCatalog } from "@nightshift/local/supabase/rest/catalog.ts";
import pg from "pg";
import { afterAll, inject } from "vitest";
import { cleanDatabase, type Migrated, readMigrated } from "./clean-database.ts";
import { addressOf } from "./request.ts";

declare module "vitest" {
  interface ProvidedContext {
    testCluster: { url: string; template: string; migrationError: string | undefined };
  }
}

export type TestDatabase = {
  /** Direct access as the owner of the tables, without policies. */
  sql: pg.Pool;
  url: string;
  env: {
    SUPABASE_URL: string;
    SUPABASE_SECRET_KEY: string;
    SUPABASE_PUBLISHABLE_KEY: string;
    DATABASE_URL: string;
  };
  keys: Keys;
  /** Reaches only the Supabase of this database, without a port. */
  fetch: typeof fetch;
  /** The project, for calls that make API keys. */
  project: Project;
  close(): Promise<void>;
};

const supabaseUrl = "http://supabase.local";
const open = new Set<string>();
/** The connection that makes and drops the databases of this process. */
let owner: pg.Pool | undefined;
/** The schema of the migrated template. */
let migratedCatalog: Promise<Catalog> | undefined;
let migratedContent: Promise<Migrated> | undefined;
/** The databases of this process that no test uses at the moment. */
const clean: Made[] = [];

/**
 * A database for one test: a copy of the migrated template, behind a gateway in this process. `migrated: false` gives
 * an empty one. A copy costs more time than most tests, so `close` empties it, and the next caller gets it.
 */
export const freshDatabase = async ({ migrated = true } = {}): Promise<TestDatabase> => {
  const made = (migrated ? clean.pop() : undefined) ?? (await makeDatabase(migrated));
  open.add(made.name);
  let calls = 0;
  let isOpen = true;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { origin, href } = addressOf(input);
    if (origin !== supabaseUrl) throw new TypeError(`No network in tests: ${href}`);
    if (!isOpen) throw new TypeError("fetch failed: the test has closed its database");
    calls += 1;
    try {
      return await made.gateway.fetch(input, init);
    } finally {
      calls -= 1;
    }
  };
  return {
    sql: made.sql,
    url: made.url,
    env: {
      SUPABASE_URL: supabaseUrl,
      SUPABASE_SECRET_KEY: made.keys.secret,
      SUPABASE_PUBLISHABLE_KEY: made.keys.publishable,
      DATABASE_URL: made.url,
    },
    keys: made.keys,
    fetch,
    project: { url: supabaseUrl, secretKey: made.keys.secret, fetch },
    close: async () => {
      isOpen = false;
      if (migrated && calls === 0 && (await made.clean())) clean.push(made);
      else await made.drop();
      open.delete(made.name);
    },
  };
};

type Made = Awaited<ReturnType<typeof makeDatabase>>;

const makeDatabase = async (migrated: boolean) => {
  const cluster = inject("testCluster");
  if (migrated && cluster.migrationError !== undefined) throw new Error(cluster.migrationError);
  const name = `test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const template = migrated ? cluster.template : "template1";
  // Copying the files takes less time than writing each page to the log, which is the default.
  await asOwner(cluster.url, `create database ${name} template ${template} strategy file_copy`);
  const url = withDatabase(cluster.url, name);
  const storageDir = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-storage-"));
  const keys = await newKeys();
  const sql = new pg.Pool({ connectionString: url, max: 5, allowExitOnIdle: true });
  sql.on("error", () => {});
  const content = migrated ? await (migratedContent ??= readMigrated(sql)) : undefined;
  // A new connection can cost Postgres more time than all statements of a small test, so there are few of them.
  const catalog = migrated ? await (migratedCatalog ??= readCatalog(sql)) : undefined;
  const gateway = await createGateway({
    databaseUrl: url,
    keys,
    storageDir,
    publicUrl: supabaseUrl,
    connections: 4,
    ...(catalog && { catalog }),
  });
  return {
    name,
    url,
    keys,
    sql,
    gateway,
    clean: async () => {
      if (content === undefined || !(await cleanDatabase(sql, content))) return false;
      for (const entry of fs.readdirSync(storageDir)) {
        fs.rmSync(path.join(storageDir, entry), { recursive: true, force: true });
      }
      return true;
    },
    drop: async () => {
      await gateway.close();
      await sql.end();
      fs.rmSync(storageDir, { recursive: true, force: true });
      await asOwner(cluster.url, `drop database ${name} with (force)`);
    },
  };
};

// A database that was not closed keeps its connections, so the file that forgot it fails.
afterAll(() => {
  if (open.size > 0) throw new Error(`${open.size} test database(s) not closed: call close() in afterAll.`);
});

const asOwner = async (url: string, statement: string) => {
  owner ??= new pg.Pool({ connectionString: url, max: 1, allowExitOnIdle: true });
  await owner.query(statement);
};

const withDatabase = (url: string, name: string) => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};
