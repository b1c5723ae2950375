import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listFunctions } from "@netlify/zip-it-and-ship-it";
import { findFunctions } from "@nightshift/local/netlify/functions.ts";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

/** Netlify's own bundler and ours read each source, and must find the same routes. */
const sources: Record<string, string> = {
  literal: `export const config = { path: "/api/literal" };`,
  typed: `import type { Config } from "@netlify/functions"; export const config: Config = { path: ["/a/:id", "/b/*"], method: ["GET", "post"] };`,
  excluded: `export const config = { path: "/c/*", excludedPath: ["/c/no", "/c/:x/never"], preferStatic: true };`,
  limited: `export const config = { path: "/d", rateLimit: { windowSize: 60, windowLimit: 5, aggregateBy: ["ip", "domain"] } };`,
  scheduled: `export const config = { schedule: "*/5 * * * *" };`,
  none: ``,
  satisfies: `import type { Config } from "@netlify/functions"; export const config = { path: "/no" } satisfies Config;`,
  constant: `const PATH = "/no"; export const config = { path: PATH };`,
  call: `const make = () => ({ path: "/no" }); export const config = make();`,
  template: "export const config = { path: `/no` };",
  spread: `const base = { path: "/no" }; export const config = { ...base, method: "GET" };`,
};
const handler = `export default async () => new Response("ok");\n`;

const folder = mkdtempSync(join(tmpdir(), "nightshift-functions-"));
beforeAll(() => {
  for (const [name, source] of Object.entries(sources))
    writeFileSync(join(folder, `${name}.ts`), handler + source);
  writeFileSync(
    join(folder, "object.ts"),
    `export default { fetch: () => new Response("ok"), config: { path: "/object" } };`,
  );
  mkdirSync(join(folder, "nested"));
  writeFileSync(join(folder, "nested", "index.ts"), `${handler}export const config = { path: "/nested" };`);
  mkdirSync(join(folder, "shared"));
  writeFileSync(join(folder, "shared", "helper.ts"), "export const help = 1;");
});
afterAll(() => rmSync(folder, { recursive: true }));

test("a function's config is read as Netlify's bundler reads it", async () => {
  const theirs = await listFunctions(folder, { parseISC: true });
  const ours = findFunctions(folder);
  expect(ours.map(({ name }) => name).toSorted()).toEqual(theirs.map(({ name }) => name).toSorted());
  for (const { name, routes = [], excludedRoutes = [], schedule } of theirs) {
    const config = ours.find((one) => one.name === name)?.config;
    expect({ name, paths: config?.path ?? [] }).toEqual({
      name,
      paths: routes.map(({ pattern }) => pattern),
    });
    expect({ name, methods: (config?.path && config.method) ?? [] }).toEqual({
      name,
      methods: routes[0]?.methods ?? [],
    });
    expect({ name, excluded: config?.excludedPath ?? [] }).toEqual({
      name,
      excluded: excludedRoutes.map(({ pattern }) => pattern),
    });
    expect({ name, schedule: config?.schedule }).toEqual({ name, schedule });
    expect({ name, preferStatic: config?.preferStatic }).toEqual({
      name,
      preferStatic: routes[0]?.prefer_static,
    });
  }
});

test("paths match as in the bundler's own expressions", async () => {
  const theirs = await listFunctions(folder, { parseISC: true });
  const ours = findFunctions(folder);
  const paths = [
    "/a/1",
    "/a/1/",
    "/a",
    "/a/1/2",
    "/b",
    "/b/",
    "/b/x/y",
    "/api/literal",
    "/api/literal/",
    "/API/literal",
    "/object",
  ];
  for (const path of paths) {
    for (const { name, routes = [] } of theirs.filter((one) => one.routes?.length)) {
      const expected = routes.some((route) =>
        "expression" in route
          ? new RegExp(route.expression).test(path)
          : route.literal === path.replace(/(.)\/$/, "$1"),
      );
      const matched = ours.find((one) => one.name === name)?.match("GET", new URL(path, "http://localhost"));
      expect({ path, name, matched: matched !== undefined }).toEqual({ path, name, matched: expected });
    }
  }
});

test.each(["satisfies", "constant", "call", "template", "spread"])(
  "a config that Netlify would not read (%s) is reported, and does not work here either",
  async (name) => {
    const warn = vi.fn();
    const found = findFunctions(folder, warn).find((one) => one.name === name);
    await found?.handler();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("is not a plain literal"));
    expect(found?.match("GET", new URL("http://localhost/no"))).toBeUndefined();
  },
);

test("a path that does not start with / is an error, as on Netlify", () => {
  const wrong = mkdtempSync(join(tmpdir(), "nightshift-functions-"));
  writeFileSync(join(wrong, "wrong.ts"), `${handler}export const config = { path: "api/x" };`);
  expect(() => findFunctions(wrong)).toThrow("config.path");
  rmSync(wrong, { recursive: true });
});
