import { join } from "node:path";
import type { Environment } from "#stack/environment.ts";
import type { Options } from "#stack/options.ts";

export const clockOf = ({ timeScale }: Options): Environment =>
  timeScale === 1 ? {} : { TIME_SCALE: String(timeScale), TIME_BASE: String(Date.now()) };

/**
 * The large packages of each part. Node loads them before tsx starts, because tsx passes every file through a second
 * thread, which took a third of the site's start time.
 */
const packages: Record<string, readonly string[]> = {
  site: ["inngest", "@supabase/supabase-js", "@babel/parser", "undici", "hono", "pino", "zod"],
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
 * so late that the memory seems to grow. The limit also decides how far the heap grows between two collections: with a
 * limit of 2000 an import needs more than 250 MB, and with 512 the collections take a sixth of the CPU under load.
 * `max-semi-space-size` counts twice, because tsx compiles in its own thread.
 */
export const optionsOfSite = ({ NODE_OPTIONS = "" }: Environment): string =>
  `${NODE_OPTIONS} --max-old-space-size=1400 --max-semi-space-size=8`.trim();
