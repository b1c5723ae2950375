/**
 * The keys of netlify.toml that we use. Netlify ignores unknown keys, so without this list a misspelled one would stay
 * unnoticed.
 */
import { exec } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "smol-toml";
import { z } from "zod";

const NetlifyToml = z.strictObject({
  build: z.strictObject({
    publish: z.string(),
    command: z.string().optional(),
    environment: z.record(z.string(), z.string()).optional(),
  }),
  functions: z
    .object({ directory: z.string(), node_bundler: z.literal("esbuild") })
    // Further settings of a single function.
    .catchall(
      z.strictObject({
        external_node_modules: z.array(z.string()).optional(),
        included_files: z.array(z.string()).optional(),
      }),
    ),
  headers: z.array(z.strictObject({ for: z.string(), values: z.record(z.string(), z.string()) })),
});

export const readNetlifyToml = (root: string) =>
  NetlifyToml.parse(parse(readFileSync(join(root, "netlify.toml"), "utf8")));

/** Builds the page as Netlify does, and checks that every path in netlify.toml exists. */
export const netlifyTomlProblems = async (root: string): Promise<string[]> => {
  const parsed = NetlifyToml.safeParse(parse(readFileSync(join(root, "netlify.toml"), "utf8")));
  if (!parsed.success) return [`netlify.toml: ${z.prettifyError(parsed.error)}`];
  const { build, functions } = parsed.data;
  if (build.command !== undefined) {
    const failure = await promisify(exec)(build.command, { cwd: root }).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (failure !== undefined) return [`netlify.toml: "${build.command}" fails: ${failure}`];
  }
  const { directory, node_bundler: _, ...single } = functions;
  const included = Object.values(single).flatMap(({ included_files = [] }) => included_files);
  const missing = [join(build.publish, "index.html"), directory, ...included].filter(
    (path) => !existsSync(join(root, path)),
  );
  return missing.map((path) => `netlify.toml: "${path}" does not exist.`);
};
