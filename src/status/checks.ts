import { z } from "zod";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import { NEWEST_MIGRATION } from "#lib/database/newest-migration.ts";
import type { EngineApi } from "#lib/engine/engine-api.ts";
import { AppError } from "#lib/errors.ts";
import { publicMessage } from "#lib/http/problem.ts";
import type { Check } from "./routes.ts";

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

/** Everybody may read this, so it is said as in any answer. */
const problemOf = (look: () => Promise<void>): Promise<string | null> =>
  look().then(() => null, publicMessage);
