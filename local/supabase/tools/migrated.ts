import { execFileSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { onDemand } from "#on-demand.ts";
import { migrate } from "../migrate.ts";
import { startThrowaway } from "../throwaway.ts";

export const migrations = "supabase/migrations";

/** Runs a tool against a database that contains only what the migrations create. */
export const withMigrated = async (work: (url: string) => void): Promise<void> => {
  const postgres = await startThrowaway();
  try {
    await migrate(postgres.url, migrations);
    // Without this option the CLI writes a line about TLS into the output.
    work(`${postgres.url}?sslmode=disable`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    await postgres.stop();
  }
};

/**
 * Runs a program of node_modules, or the Supabase CLI, which npm fetches at its first use. The CLI must send no
 * telemetry from a build. The CLI runs in another folder, because it writes a folder into the one where it runs.
 */
export const runTool = (
  name: "squawk" | "supabase",
  args: readonly string[],
  stdout: "inherit" | "pipe" = "inherit",
): string => {
  const isCli = name === "supabase";
  const programs = isCli ? path.join(onDemand("supabase"), "../.bin") : path.resolve("node_modules/.bin");
  return execFileSync(path.join(programs, name), args, {
    cwd: isCli ? os.tmpdir() : process.cwd(),
    encoding: "utf8",
    env: { ...process.env, DO_NOT_TRACK: "1" },
    stdio: ["ignore", stdout, "inherit"],
  });
};
