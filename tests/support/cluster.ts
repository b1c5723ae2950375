import { migrate } from "@nightshift/local/supabase/migrate.ts";
import { countStatements } from "@nightshift/local/supabase/postgres.ts";
import { startThrowaway } from "@nightshift/local/supabase/throwaway.ts";
import pg from "pg";
import type { TestProject } from "vitest/node";

/** vitest's globalSetup: one Postgres for the whole run, with a migrated template that each test file copies. */
export default async function startCluster(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startThrowaway({ ...countStatements, max_connections: 300, autovacuum: "off" });
  const template = "template_nightshift";
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`create database ${template}`);
  await client.end();
  const templateUrl = new URL(postgres.url);
  templateUrl.pathname = `/${template}`;
  // A failing migration must not fail tests that need no database; those that need one report it.
  const migrationError = await migrate(templateUrl.href, "supabase/migrations").then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  project.provide("testCluster", { url: postgres.url, template, migrationError });
  return postgres.stop;
}
