/** The product's own netlify.toml and doors, before Netlify's bundler and on the local site. */
import { join, resolve } from "node:path";
import { listFunctions } from "@netlify/zip-it-and-ship-it";
import { createSite } from "@nightshift/local/netlify/site.ts";
import { expect, test } from "vitest";
import { readNetlifyToml } from "../../scripts/deploy/netlify-toml.ts";

const root = resolve(import.meta.dirname, "../..");
const { functions } = readNetlifyToml(root);
const doorsDir = join(root, functions.directory);

test("S0-27: Netlify's bundler finds every door, with the path that it exports", async () => {
  expect(functions.node_bundler).toBe("esbuild");
  const found = await listFunctions(doorsDir, { parseISC: true });
  expect(found.length).toBeGreaterThan(5);
  for (const { mainFile, routes = [], schedule } of found) {
    const { default: handler, config } = await import(mainFile);
    expect(handler).toBeTypeOf("function");
    const patterns = routes.map(({ pattern }) => pattern);
    expect({ paths: patterns, schedule }).toEqual({
      paths: [config.path ?? []].flat(),
      schedule: config.schedule,
    });
    expect(patterns.length > 0 || schedule !== undefined).toBe(true);
  }
});

test("S4-24: Inngest's SDK answers at /api/inngest with our functions", async () => {
  const site = createSite({ functionsDir: doorsDir, publishDir: join(root, "dist") });
  const environment = {
    NIGHTSHIFT_ENV: "development",
    INNGEST_DEV: "1",
    SUPABASE_URL: "http://supabase.local",
    SUPABASE_SECRET_KEY: "sb_secret_test",
    LOG_LEVEL: "silent",
  };
  const before = process.env;
  process.env = { ...before, ...environment };
  const response = await site.fetch(new Request("http://localhost:8888/api/inngest"));
  expect(response.status).toBe(200);
  expect(response.headers.get("x-inngest-sdk")).toMatch(/^inngest-js:/);
  expect((await response.json()).function_count).toBeGreaterThan(5);
  process.env = before;
});
