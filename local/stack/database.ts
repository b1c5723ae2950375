import { readdirSync } from "node:fs";
import { join } from "node:path";
import { RpcError, rpc } from "#api-key.ts";
import type { Environment } from "#stack/environment.ts";
import { StackError } from "#stack/errors.ts";
import type { Say } from "#stack/process.ts";
import { migrate } from "#supabase/migrate.ts";
import { type Postgres, startPostgres } from "#supabase/postgres.ts";

export type Database = { url: string; stop(): Promise<void> };

/** The database of the stack: the one of DATABASE_URL, or a Postgres of our own that is started again when it dies. */
export async function openDatabase(
  caller: Environment,
  { dataDir, migrations, say }: { dataDir: string; migrations: string; say: Say },
): Promise<Database> {
  const given = caller["DATABASE_URL"];
  if (given !== undefined) {
    await applyMigrations(given, migrations);
    return { url: given, stop: async () => {} };
  }
  const keeper = await keepPostgres(join(dataDir, "postgres"), say);
  await applyMigrations(keeper.url, migrations);
  return keeper;
}

async function applyMigrations(url: string, directory: string): Promise<void> {
  try {
    await migrate(url, directory);
  } catch (error) {
    const { host } = new URL(url);
    const why = error instanceof Error ? error.message : String(error);
    throw new StackError(
      `The database at ${host} could not be brought up to date: ${why}`,
      "Mend that and start again.",
      {
        cause: error,
      },
    );
  }
}

async function keepPostgres(dataDir: string, say: Say): Promise<Database> {
  let isStopping = false;
  let current = await start(dataDir);
  const watch = async () => {
    await current.exited;
    if (isStopping) return;
    say("Postgres died; starting it again.");
    try {
      current = await start(dataDir);
      say("Postgres is back.");
      void watch();
    } catch (error) {
      say(`Postgres does not come back: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  void watch();
  return {
    url: current.url,
    async stop() {
      isStopping = true;
      await current.stop();
    },
  };
}

async function start(dataDir: string): Promise<Postgres> {
  try {
    return await startPostgres({ dataDir });
  } catch (error) {
    throw new StackError(
      error instanceof Error ? error.message : String(error),
      "Or use a Postgres that you have (15 or newer): DATABASE_URL=postgres://… npm start",
      { cause: error },
    );
  }
}

/** A hosted project without its DATABASE_URL: we cannot migrate it, but we can say whether somebody has to. */
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
      `${project.url} does not let us in: ${error instanceof Error ? error.message : String(error)}`,
      "Check SUPABASE_URL and SUPABASE_SECRET_KEY.",
      { cause: error },
    );
  }
  // Null: the tables are there, but nobody wrote down what was applied.
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
