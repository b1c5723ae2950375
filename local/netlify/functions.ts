import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type FunctionConfig, functionConfig, readConfig } from "#netlify/config.ts";
import type { Context } from "#netlify/context.ts";
import { type Matcher, matcherOf } from "#netlify/routes.ts";

export type Handler = (
  request: Request,
  context: Context,
) => Promise<Response | undefined> | Response | undefined;
export type SiteFunction = {
  name: string;
  file: string;
  config: FunctionConfig;
  match: Matcher;
  /** Rejects when the module cannot be loaded, with the error of the import. */
  handler(): Promise<Handler>;
};

const extensions = new Set([".ts", ".mts", ".js", ".mjs"]);

const isHandler = (value: unknown): value is Handler => typeof value === "function";
const moduleShape = z.looseObject({
  default: z.union([z.custom<Handler>(isHandler), z.object({ fetch: z.custom<Handler>(isHandler) })]),
  config: z.unknown().optional(),
});

/**
 * The functions in a folder, by Netlify's rules: each file, and each folder with an `index` or a file that has the
 * folder's name. Reads their config from the source; with `compiledDir`, runs the compiled functions of that folder.
 */
export function findFunctions(
  folder: string,
  warn: (message: string) => void = console.warn,
  compiledDir?: string,
): SiteFunction[] {
  return functionFiles(folder).map((file) => {
    const name = nameOf(file);
    const config = readConfig(readFileSync(file, "utf8"));
    const compiled = compiledDir === undefined ? file : join(compiledDir, `${name}.mjs`);
    let loading: Promise<Handler> | undefined;
    const handler = () => (loading ??= load(file, compiled, config, warn));
    return { name, file, config, match: matcherOf(name, config), handler };
  });
}

export const functionFiles = (folder: string): string[] =>
  readdirSync(folder)
    .toSorted()
    .flatMap((entry) => fileOf(folder, entry) ?? []);

function fileOf(folder: string, entry: string): string | undefined {
  const path = join(folder, entry);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined; // Emacs marks an edited file by a link that leads nowhere
  if (!found.isDirectory())
    return extensions.has(extname(entry)) && !entry.endsWith(".d.ts") ? path : undefined;
  const inside = readdirSync(path).find(
    (file) => extensions.has(extname(file)) && ["index", entry].includes(basename(file, extname(file))),
  );
  return inside === undefined ? undefined : join(path, inside);
}

export function nameOf(file: string): string {
  const name = basename(file, extname(file));
  return name === "index" ? basename(join(file, "..")) : name;
}

async function load(
  file: string,
  compiled: string,
  config: FunctionConfig,
  warn: (message: string) => void,
): Promise<Handler> {
  const loaded: unknown = await import(pathToFileURL(compiled).href);
  const { default: exported, config: ran } = moduleShape.parse(loaded);
  if (ran !== undefined && !isDeepStrictEqual(functionConfig.safeParse(ran).data, config)) {
    warn(
      `${file}: its config is not a plain literal. Netlify reads it without running it and so sees only ${JSON.stringify(config)}; write the values out.`,
    );
  }
  return isHandler(exported) ? exported : exported.fetch;
}
