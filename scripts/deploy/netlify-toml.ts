/** netlify.toml as far as we use it. Netlify ignores keys it does not know: a slip of the pen would go unnoticed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";

const NetlifyToml = z.strictObject({
  build: z.strictObject({
    publish: z.string(),
    command: z.string().optional(),
    environment: z.record(z.string(), z.string()).optional(),
  }),
  functions: z.strictObject({ directory: z.string(), node_bundler: z.literal("esbuild") }),
  headers: z.array(z.strictObject({ for: z.string(), values: z.record(z.string(), z.string()) })),
});

export const netlifyTomlProblems = (root: string): string[] => {
  const parsed = NetlifyToml.safeParse(parse(readFileSync(join(root, "netlify.toml"), "utf8")));
  if (!parsed.success) return [`netlify.toml: ${z.prettifyError(parsed.error)}`];
  const { build, functions } = parsed.data;
  const missing = [join(build.publish, "index.html"), functions.directory].filter(
    (path) => !existsSync(join(root, path)),
  );
  return missing.map((path) => `netlify.toml: "${path}" does not exist.`);
};
