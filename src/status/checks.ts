import { z } from "zod";
import type { EngineApi } from "#lib/engine-api.ts";
import { AppError } from "#lib/errors.ts";
import { type DatabaseClient, unwrap } from "#lib/supabase.ts";
import type { Check } from "./routes.ts";

/** The newest migration that this code relies on: set when a migration is added. */
export const NEWEST_MIGRATION = "20261101000670";

const text = z.string().nullable();

export const databaseCheck = (db: DatabaseClient): Check => ({
  name: "database",
  problem: () => problemOf(async () => void (await unwrap(db.rpc("newest_migration")))),
});

export const migrationsCheck = (db: DatabaseClient): Check => ({
  name: "migrations",
  problem: () =>
    problemOf(async () => {
      const newest = text.parse(await unwrap(db.rpc("newest_migration")));
      if (newest === null || newest < NEWEST_MIGRATION) {
        throw new AppError(
          "configuration",
          `The schema is at ${newest ?? "nothing"}, the code needs ${NEWEST_MIGRATION}`,
        );
      }
    }),
});

export const engineCheck = (engine: Pick<EngineApi, "problem">): Check => ({
  name: "engine",
  problem: () => engine.problem(),
});

/** Our own words are harmless; anything else is not shown to strangers. */
const problemOf = (look: () => Promise<void>): Promise<string | null> =>
  look().then(
    () => null,
    (error: unknown) => (error instanceof AppError ? error.message : "does not answer"),
  );
