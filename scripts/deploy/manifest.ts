/** Bundles the doors with Netlify's own bundler, and checks that the bundler reads each door's `config` correctly. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { zipFunctions } from "@netlify/zip-it-and-ship-it";
import { parse } from "smol-toml";
import { z } from "zod";

const Route = z.object({
  pattern: z.string(),
  literal: z.string().optional(),
  expression: z.string().optional(),
  methods: z.array(z.string()).optional(),
});

const Manifest = z.object({
  functions: z.array(
    z.object({
      name: z.string(),
      mainFile: z.string(),
      path: z.string(),
      schedule: z.string().optional(),
      routes: z.array(Route).default([]),
      excludedRoutes: z.array(Route.omit({ methods: true })).default([]),
      trafficRules: z
        .object({
          action: z.object({
            config: z.object({
              aggregate: z.object({ keys: z.array(z.object({ type: z.string() })) }),
              rateLimitConfig: z.object({ windowLimit: z.number(), windowSize: z.number() }),
            }),
          }),
        })
        .optional(),
    }),
  ),
});

export type Door = z.output<typeof Manifest>["functions"][number];

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** The `config` that a door exports when its file is run. */
export const DoorConfig = z.strictObject({
  path: list.optional(),
  excludedPath: list.optional(),
  method: list.optional(),
  schedule: z.string().optional(),
  rateLimit: z
    .strictObject({
      windowLimit: z.number(),
      windowSize: z.number(),
      aggregateBy: z.array(z.string(), 'must be an array: the bundler turns the string "ip" into "domain"'),
    })
    .optional(),
});

const FunctionSettings = z.object({
  external_node_modules: z.array(z.string()).default([]),
  included_files: z.array(z.string()).default([]),
});
const NetlifyToml = z.object({
  functions: z.record(z.string(), z.unknown()),
});

/** The settings of single functions in netlify.toml, in the bundler's format. */
const functionSettings = async (root: string) => {
  const toml = NetlifyToml.parse(parse(await readFile(join(root, "netlify.toml"), "utf8")));
  const tables = Object.entries(toml.functions).filter(([, settings]) => typeof settings === "object");
  return Object.fromEntries(
    tables.map(([name, settings]) => {
      const { external_node_modules, included_files } = FunctionSettings.parse(settings);
      return [
        name,
        {
          nodeBundler: "esbuild" as const,
          externalNodeModules: external_node_modules,
          includedFiles: included_files,
          includedFilesBasePath: root,
        },
      ];
    }),
  );
};

/** Bundles every door as a deploy does, unpacked, into `outDir`. */
export const bundle = async (root: string, outDir: string): Promise<Door[]> => {
  const manifest = join(outDir, "manifest.json");
  await zipFunctions(join(root, "netlify/functions"), outDir, {
    archiveFormat: "none",
    basePath: root,
    manifest,
    config: { "*": { nodeBundler: "esbuild" }, ...(await functionSettings(root)) },
  });
  return Manifest.parse(JSON.parse(await readFile(manifest, "utf8"))).functions;
};

/**
 * The bundler reads `config` without running the file. Anything but a plain literal, such as a constant, `satisfies` or
 * a spread, is ignored without an error, and the door has no address. So the bundler's result is compared with the
 * config that the file exports when it is run.
 */
export const misread = (door: Door, exported: unknown): string[] => {
  const config = DoorConfig.safeParse(exported);
  if (!config.success) return [`${door.name}: its config is not valid: ${z.prettifyError(config.error)}`];
  const { path, excludedPath, method, schedule, rateLimit } = config.data;
  const limit = door.trafficRules?.action.config;
  const sides = {
    path: [path ?? [], door.routes.map(({ pattern }) => pattern)],
    excludedPath: [excludedPath ?? [], door.excludedRoutes.map(({ pattern }) => pattern)],
    method: [(path ?? []).map(() => method ?? []), door.routes.map(({ methods }) => methods ?? [])],
    schedule: [schedule ?? "", door.schedule ?? ""],
    "rateLimit.windowLimit": [rateLimit?.windowLimit, limit?.rateLimitConfig.windowLimit],
    "rateLimit.windowSize": [rateLimit?.windowSize, limit?.rateLimitConfig.windowSize],
    "rateLimit.aggregateBy": [rateLimit?.aggregateBy, limit?.aggregate.keys.map(({ type }) => type)],
  };
  const wrong = Object.entries(sides)
    .filter(([, [meant, read]]) => JSON.stringify(meant) !== JSON.stringify(read))
    .map(
      ([field, [meant, read]]) =>
        `${door.name}: config.${field} is ${JSON.stringify(meant)}, but the bundler reads ${JSON.stringify(read)}: write it as a plain literal.`,
    );
  if (path === undefined && schedule === undefined)
    wrong.push(`${door.name}: has neither a path nor a schedule.`);
  return wrong;
};

/** How many rate limits Netlify allows per site on its Free and Personal plans; five on Pro. */
const RATE_LIMITS = 2;

export const tooManyRateLimits = (doors: readonly Door[]): string[] => {
  const limited = doors.filter(({ trafficRules }) => trafficRules !== undefined).map(({ name }) => name);
  if (limited.length <= RATE_LIMITS) return [];
  return [`${limited.join(", ")} each have a rateLimit; Netlify's free plan takes ${RATE_LIMITS} of a site.`];
};
