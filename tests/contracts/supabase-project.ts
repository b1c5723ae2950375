/**
 * The Supabase project of the contract suites. By default a new one on this machine, over HTTP. The same suites also
 * run against a hosted project, whose answers are the reference:
 *
 *   CONTRACT_SUPABASE_URL=https://….supabase.co CONTRACT_SUPABASE_SECRET_KEY=sb_secret_… \
 *   CONTRACT_SUPABASE_PUBLISHABLE_KEY=sb_publishable_… CONTRACT_DATABASE_URL=postgres://… \
 *   npx vitest run tests/contracts/supabase
 *
 * It must be a throwaway project without e-mail confirmation: the suites create tables, users and buckets in it.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createGateway } from "@nightshift/local/supabase/gateway.ts";
import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { serve } from "@nightshift/local/supabase/server.ts";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import pg from "pg";
import { freshDatabase } from "../support/database.ts";

export type Project = {
  url: string;
  secretKey: string;
  publishableKey: string;
  databaseUrl: string;
  /** The unmodified supabase-js, with one of the keys or as a signed-in user. */
  client(key: "secret" | "publishable", accessToken?: string): SupabaseClient;
  /** As the owner of the tables, without policies. */
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
};

export const isHosted = process.env["CONTRACT_SUPABASE_URL"] !== undefined;
const fixtures = "tests/fixtures/supabase";

export const openProject = async (): Promise<Project> => (isHosted ? hostedProject() : localProject());

const localProject = async (): Promise<Project> => {
  const database = await freshDatabase({ migrated: false });
  await migrate(database.url, fixtures);
  const storageDir = fs.mkdtempSync(path.join(os.tmpdir(), "nightshift-contract-"));
  const gateway = await createGateway({ databaseUrl: database.url, keys: database.keys, storageDir });
  const server = await serve(gateway.handle, 0);
  const project = describeProject(server.url, database.keys.secret, database.keys.publishable, database.url);
  return {
    ...project,
    close: async () => {
      await project.close();
      await server.close();
      await gateway.close();
      await database.close();
      fs.rmSync(storageDir, { recursive: true, force: true });
    },
  };
};

const hostedProject = async (): Promise<Project> => {
  const setting = (name: string) => {
    const value = process.env[`CONTRACT_${name}`];
    if (value === undefined) throw new Error(`Set CONTRACT_${name} too.`);
    return value;
  };
  const databaseUrl = setting("DATABASE_URL");
  await migrate(databaseUrl, fixtures);
  const secret = setting("SUPABASE_SECRET_KEY");
  return describeProject(setting("SUPABASE_URL"), secret, setting("SUPABASE_PUBLISHABLE_KEY"), databaseUrl);
};

const describeProject = (
  url: string,
  secretKey: string,
  publishableKey: string,
  databaseUrl: string,
): Project => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  pool.on("error", () => {});
  return {
    url,
    secretKey,
    publishableKey,
    databaseUrl,
    client: (key, accessToken) =>
      createClient(url, key === "secret" ? secretKey : publishableKey, {
        auth: { persistSession: false, autoRefreshToken: false },
        // Node 20 has no WebSocket, and these tests do not use Realtime.
        realtime: { transport: Function as never },
        ...(accessToken === undefined ? {} : { accessToken: async () => accessToken }),
      }),
    sql: async (text, values = []) => (await pool.query<Record<string, unknown>>(text, values)).rows,
    close: () => pool.end(),
  };
};
