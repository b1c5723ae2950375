import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { migrate } from "../migrate.ts";
import { startThrowaway } from "../throwaway.ts";

export const migrations = "supabase/migrations";

/** Runs a tool against a database that holds what the migrations make and nothing else. */
export const withMigrated = async (work: (url: string) => void): Promise<void> => {
  const postgres = await startThrowaway();
  try {
    await migrate(postgres.url, migrations);
    // Without it the CLI says something about TLS on the stream that we keep.
    work(`${postgres.url}?sslmode=disable`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await postgres.stop();
  }
};

/**
 * Runs a program of node_modules. The Supabase CLI must not call home from a build, and it leaves a folder where it
 * works: that is somewhere else.
 */
export const runTool = (
  name: string,
  args: readonly string[],
  stdout: "inherit" | "pipe" = "inherit",
): string =>
  execFileSync(path.resolve("node_modules/.bin", name), args, {
    cwd: name === "supabase" ? os.tmpdir() : process.cwd(),
    encoding: "utf8",
    env: { ...process.env, DO_NOT_TRACK: "1" },
    stdio: ["ignore", stdout, "inherit"],
  });
