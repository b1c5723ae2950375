import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";

const netlifyToml = z.object({
  build: z.object({ publish: z.string().default(".") }).default({ publish: "." }),
  headers: z.array(z.object({ for: z.string(), values: z.record(z.string(), z.string()) })).default([]),
});

/** The headers that Netlify adds to static files. Functions set their own. */
export type HeaderRule = { matches: (pathname: string) => boolean; values: Record<string, string> };
export type SiteSettings = { publishDir: string; headers: readonly HeaderRule[] };

/** The source in a content security policy that allows every Supabase project. */
const SUPABASE = "https://*.supabase.co";

/**
 * The parts of a site's netlify.toml that are needed to serve the site. The page may also call the Supabase of this
 * machine, if there is one.
 */
export function readNetlifyToml(
  siteDir: string,
  supabaseUrl = process.env["SUPABASE_URL"] ?? SUPABASE,
): SiteSettings {
  const file = join(siteDir, "netlify.toml");
  const { build, headers } = netlifyToml.parse(existsSync(file) ? parse(readFileSync(file, "utf8")) : {});
  return {
    publishDir: resolve(siteDir, build.publish),
    headers: headers.map(({ for: pattern, values }) => ({
      matches: matcherOf(pattern),
      values: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, value.replace(SUPABASE, supabaseUrl)]),
      ),
    })),
  };
}

/** In `/assets/*` the star matches the rest of the path. */
function matcherOf(pattern: string): (pathname: string) => boolean {
  const [start = "", ...rest] = pattern.split("*");
  return rest.length === 0 ? (pathname) => pathname === pattern : (pathname) => pathname.startsWith(start);
}
