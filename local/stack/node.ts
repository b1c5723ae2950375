import { join } from "node:path";
import type { Environment } from "#stack/environment.ts";
import type { Options } from "#stack/options.ts";

export const clockOf = ({ timeScale }: Options): Environment =>
  timeScale === 1 ? {} : { TIME_SCALE: String(timeScale), TIME_BASE: String(Date.now()) };

/**
 * The large packages of each part, which Node reads quicker before tsx is there: tsx takes every file through a second
 * thread, and that was a third of what the site's start computed.
 */
const packages: Record<string, readonly string[]> = {
  site: ["inngest", "@supabase/supabase-js", "@babel/parser", "undici", "hono", "pino", "zod"],
  supabase: ["pg", "zod"],
  engine: ["hono", "pg", "zod"],
  providers: ["zod"],
};

/** The engine turns its own clock; everybody else's Date is turned for them, before any package sees it. */
export function importsOf(part: string, { timeScale }: Options, projectDir: string): readonly string[] {
  if (timeScale === 1) return [...(packages[part] ?? []), "tsx"];
  return part === "engine" ? ["tsx"] : ["tsx", join(projectDir, "local/clock-preload.ts")];
}

/**
 * Nothing in the site grows with the work, but without a limit V8 collects so late that nobody could see that. With a small
 * one it looks at the whole heap so often that this takes a sixth of the CPU under load; from 2,048 MB on V8 lets the heap
 * grow to four times what lives in it.
 */
export const optionsOfSite = ({ NODE_OPTIONS = "" }: Environment): string =>
  `${NODE_OPTIONS} --max-old-space-size=2000 --max-semi-space-size=16`.trim();
