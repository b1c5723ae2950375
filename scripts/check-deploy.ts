/**
 * `npm run check:deploy` checks whether a deploy would work. The check bundles every door with Netlify's own bundler,
 * compares the addresses that the bundler reads with those of the doors and of the API's routes, counts their rate
 * limits, checks what each bundle contains, and starts each bundle alone in an empty folder. It prints how large each
 * bundle is, and how long a new process takes to answer its first request. The check needs no account and no network.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { boot, exampleRequest } from "./deploy/boot.ts";
import { drawsPictures, megabytesOf, misplaced, tooLarge } from "./deploy/carried.ts";
import { bundle, type Door, misread, tooManyRateLimits } from "./deploy/manifest.ts";
import { netlifyTomlProblems } from "./deploy/netlify-toml.ts";
import { type ApiRoute, collisions, doorsFor, unreachable } from "./deploy/routes.ts";

const root = resolve(import.meta.dirname, "..");
const OpenApi = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const Problem = z.object({ code: z.string() });
const problems: string[] = [];

/** A bundle works when it answers with success or with our own problem JSON. A crash or another 500 is an error. */
const tryDoor = async (door: Door): Promise<string> => {
  const { method, address } = exampleRequest(door);
  const startedAt = performance.now();
  try {
    const { status, body } = await boot(root, door, method, address);
    const problem = Problem.safeParse(readJson(body));
    if (status >= 500 && (!problem.success || problem.data.code === "internal"))
      problems.push(`${door.name}: ${method} ${address} answered ${status}: ${body.slice(0, 300)}`);
    const ms = Math.round(performance.now() - startedAt);
    return `${method} ${address} → ${status}${problem.success ? ` ${problem.data.code}` : ""}, ${ms} ms after its process began`;
  } catch (error) {
    problems.push(`${door.name}: does not start: ${error instanceof Error ? error.message : String(error)}`);
    return "does not start";
  }
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Every route of the API, read from the bundle that serves the OpenAPI document. */
const apiRoutes = async (doors: readonly Door[]): Promise<ApiRoute[]> => {
  const address = "/api/openapi.json";
  const door = doors.find(({ name }) => doorsFor(doors, "GET", address).includes(name));
  if (door === undefined) return [{ method: "GET", path: address }];
  const { paths } = OpenApi.parse(JSON.parse((await boot(root, door, "GET", address)).body));
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
};

const outDir = await mkdtemp(join(tmpdir(), "nightshift-deploy-"));
try {
  const startedAt = Date.now();
  problems.push(...(await netlifyTomlProblems(root)));
  const doors = await bundle(root, outDir);
  for (const door of doors) {
    const exported = z.object({ config: z.unknown() }).parse(await import(door.mainFile));
    problems.push(...misread(door, exported.config), ...misplaced(door), ...(await drawsPictures(door)));
    const megabytes = await megabytesOf(door.path);
    problems.push(...tooLarge(door.name, megabytes));
    const where = door.schedule ?? door.routes.map(({ pattern }) => pattern).join(" ");
    process.stdout.write(
      `${door.name.padEnd(18)} ${where}\n${" ".repeat(19)}${megabytes.toFixed(1)} MB; ${await tryDoor(door)}\n`,
    );
  }
  problems.push(...collisions(doors), ...unreachable(doors, await apiRoutes(doors)));
  problems.push(...tooManyRateLimits(doors));
  if (doors.length === 0) problems.push("There are no doors in netlify/functions.");
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  process.stdout.write(
    `\n${doors.length} doors bundled and started in ${seconds} s, ${problems.length} problems\n`,
  );
} finally {
  await rm(outDir, { recursive: true, force: true });
}
for (const problem of problems) process.stderr.write(`✗ ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
