import { join } from "node:path";
import type { Compiled } from "#stack/compile.ts";
import type { Environment } from "#stack/environment.ts";
import type { Options } from "#stack/options.ts";

export const clockOf = ({ timeScale }: Options): Environment =>
  timeScale === 1 ? {} : { TIME_SCALE: String(timeScale), TIME_BASE: String(Date.now()) };

/**
 * The large packages of each part that tsx compiles. Node loads them before tsx starts, because tsx passes every file
 * through a second thread.
 */
const packages: Record<string, readonly string[]> = {
  supabase: ["pg", "zod"],
  engine: ["hono", "pg", "zod"],
  providers: ["zod"],
};

/**
 * The modules that Node imports first. The engine has its own scaled clock; in other processes `Date` is replaced
 * before any package is loaded.
 */
export function importsOf(part: string, { timeScale }: Options, projectDir: string): readonly string[] {
  if (timeScale === 1) return [...(packages[part] ?? []), "tsx"];
  return part === "engine" ? ["tsx"] : ["tsx", join(projectDir, "local/clock-preload.ts")];
}

/**
 * The memory limits of the site. The site's memory does not grow with the work, but without a limit V8 collects garbage
 * so late that the memory seems to grow. The first limit also decides how far the heap grows between two collections:
 * an import of a million rows needs 243 MB of memory with a limit of 600, and 253 MB with 900. The second limit is the
 * size of one semi-space. New objects need up to three times that size. With 16 instead of 32, V8 collects more often.
 */
export const memoryOfSite = ["--max-old-space-size=600", "--max-semi-space-size=32"] as const;

/** The command that runs the compiled site. With source maps, the stack traces of errors name lines of the source. */
export function commandOfSite({ timeScale }: Options, { folder }: Compiled): [string, ...string[]] {
  const clock = timeScale === 1 ? [] : ["--import", join(folder, "clock.mjs")];
  const flags = [...memoryOfSite, "--enable-source-maps", ...clock];
  return [process.execPath, ...flags, join(folder, "server.mjs"), folder];
}
