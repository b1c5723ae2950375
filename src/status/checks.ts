import { z } from "zod";
import { type Check, problemOfStatus } from "#lib/check.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import { NEWEST_MIGRATION } from "#lib/database/newest-migration.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import type { Env } from "#lib/env.ts";

type Dependencies = { db: DatabaseClient; engine: EngineApi; env: Env; fetch: typeof globalThis.fetch };

/** The services that every room needs. If we have several keys for a service, each of them is checked. */
export const platformChecks = ({ db, engine, env, fetch }: Dependencies): Check[] => [
  { name: "database", problem: () => databaseProblem(db) },
  { name: "migrations", problem: () => migrationsProblem(db) },
  { name: "sign-in", problem: () => signInProblem(env, fetch) },
  { name: "engine", problem: engine.problem },
  { name: "events", problem: engine.eventKeyProblem },
];

async function databaseProblem(db: DatabaseClient): Promise<string | null> {
  const { error, status } = await db.rpc("newest_migration");
  if (error === null) return null;
  return problemOfStatus("Supabase", "secret key", status) ?? "The database cannot be reached";
}

async function migrationsProblem(db: DatabaseClient): Promise<string | null> {
  const newest = z
    .string()
    .nullable()
    .parse(await unwrap(db.rpc("newest_migration")));
  if (newest !== null && newest >= NEWEST_MIGRATION) return null;
  return `The schema is at ${newest ?? "nothing"}, the code needs ${NEWEST_MIGRATION}`;
}

/** Checks Supabase Auth, which issues the user tokens that we accept. */
async function signInProblem(env: Env, fetch: typeof globalThis.fetch): Promise<string | null> {
  const { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEY: apikey } = env;
  if (apikey === undefined) return null;
  const { status } = await fetch(new URL("/auth/v1/health", url).href, { headers: { apikey } });
  return problemOfStatus("Supabase", "publishable key", status);
}
