import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RpcError, rpc } from "#api-key.ts";
import { newBackoff } from "#stack/backoff.ts";
import type { Environment } from "#stack/environment.ts";
import { isDiskFull, StackError } from "#stack/errors.ts";
import type { Say } from "#stack/log.ts";
import { migrate } from "#supabase/migrate.ts";
import { type Postgres, startPostgres } from "#supabase/postgres.ts";

export type Database = {
  /** The database's URL, once its schema is up to date. */
  ready: Promise<string>;
  /** May be called at any time, even before the database is ready. */
  stop(): Promise<void>;
};

/**
 * The stack's database: the database of DATABASE_URL, or a Postgres that the stack starts. A Postgres that dies is
 * started again.
 */
export function openDatabase(
  caller: Environment,
  { dataDir, migrations, say }: { dataDir: string; migrations: string; say: Say },
): Database {
  const given = caller["DATABASE_URL"];
  if (given !== undefined) return { ready: migrated(given, migrations), stop: async () => {} };
  const { ready, stop } = keepPostgres(join(dataDir, "postgres"), say);
  return { ready: ready.then((url) => migrated(url, migrations)), stop };
}

async function migrated(url: string, directory: string): Promise<string> {
  // The message does not repeat the value, which may contain a password.
  if (!URL.canParse(url))
    throw new StackError(
      "DATABASE_URL is not a valid URL.",
      "Write postgres://user:password@host:5432/database. In the password, write # as %23, / as %2F, and @ as %40.",
    );
  try {
    await migrate(url, directory);
    return url;
  } catch (error) {
    const { host } = new URL(url);
    throw new StackError(
      `The database at ${host} could not be brought up to date: ${messageOf(error)}`,
      "Mend that and start again.",
      {
        cause: error,
      },
    );
  }
}

function keepPostgres(dataDir: string, say: Say): Database {
  const stopping = new AbortController();
  const { signal } = stopping;

  const start = async (): Promise<Postgres> => {
    const postgres = await startPostgres({ dataDir });
    void postgres.exited.then(() => {
      if (!signal.aborted) current = startAgain();
    });
    return postgres;
  };
  /** Undefined when `stop` was called before the server was running again. */
  const startAgain = async (): Promise<Postgres | undefined> => {
    say("Postgres died; starting it again.");
    const backoff = newBackoff();
    let lastWhy = "";
    while (!signal.aborted) {
      try {
        const postgres = await start();
        say("Postgres is back.");
        return postgres;
      } catch (error) {
        const pauseMs = backoff(0);
        const why = messageOf(error);
        // A full disk may stay full for hours, so the same reason is reported only once.
        if (why !== lastWhy)
          say(`Postgres does not come back: ${why}. It is tried again, every 10 s at the least.`);
        lastWhy = why;
        await delay(pauseMs, undefined, { signal }).catch(() => {});
      }
    }
    return undefined;
  };

  const first = start();
  /** The server that is running, or the one that is being started. */
  let current: Promise<Postgres | undefined> = first;
  return {
    ready: first.then(
      ({ url }) => url,
      (error: unknown) => {
        if (isDiskFull(error)) throw error; // Another Postgres would not help
        throw new StackError(
          messageOf(error),
          "Or use a Postgres that you have (15 or newer): DATABASE_URL=postgres://… npm start",
          { cause: error },
        );
      },
    ),
    async stop() {
      stopping.abort();
      const postgres = await current.catch(() => undefined);
      await postgres?.stop();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Checks a hosted project without DATABASE_URL. The stack cannot migrate such a project, but reports whether migrations
 * are missing.
 */
export async function verifySchema(environment: Environment, migrations: string, say: Say): Promise<void> {
  const project = {
    url: environment["SUPABASE_URL"] ?? "",
    secretKey: environment["SUPABASE_SECRET_KEY"] ?? "",
  };
  const wayOut =
    "Apply supabase/migrations with `npx supabase db push --remote`, or set DATABASE_URL and start again.";
  const newest = readdirSync(migrations).toSorted().at(-1)?.split("_")[0] ?? "";
  let applied: unknown;
  try {
    applied = await rpc(project, "newest_migration", {});
  } catch (error) {
    if (error instanceof RpcError && error.status === 404) {
      throw new StackError(`${project.url} has none of Nightshift's tables.`, wayOut, { cause: error });
    }
    throw new StackError(
      `${project.url} does not let us in: ${messageOf(error)}`,
      "Check SUPABASE_URL and SUPABASE_SECRET_KEY.",
      { cause: error },
    );
  }
  // Null: the tables exist, but no migrations are recorded.
  const version = typeof applied === "string" ? applied : "";
  if (version < newest) {
    throw new StackError(
      `The schema of ${project.url} is at ${version || "no version"}, the code needs ${newest}.`,
      wayOut,
    );
  }
  say(`The schema of ${project.url} is up to date (${newest}).`);
  say("Without DATABASE_URL the engine keeps its state in memory: runs that are under way end with it.");
}
