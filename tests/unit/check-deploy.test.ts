import { describe, expect, test } from "vitest";
import { misplaced, tooLarge } from "../../scripts/deploy/carried.ts";
import { type Door, misread, tooManyRateLimits } from "../../scripts/deploy/manifest.ts";
import { collisions, doorsFor, unreachable } from "../../scripts/deploy/routes.ts";

const door = (name: string, ...patterns: string[]): Door => ({
  name,
  mainFile: `/site/netlify/functions/${name}.ts`,
  path: `/out/${name}`,
  excludedRoutes: [],
  routes: patterns.map((pattern) =>
    pattern.includes("*") || pattern.includes(":")
      ? { pattern, expression: `^${pattern.replace(/:\w+/g, "[^/]+").replace("*", ".*")}$`, methods: ["GET"] }
      : { pattern, literal: pattern, methods: ["GET"] },
  ),
});
const jobs = door("jobs", "/api/jobs", "/api/jobs/*");

describe("the bundler's view of a door's config", () => {
  test("a literal config is read without a problem", () => {
    expect(misread(jobs, { path: ["/api/jobs", "/api/jobs/*"], method: ["GET"] })).toEqual([]);
  });

  test("a path that the bundler could not read is reported", () => {
    const [problem] = misread(door("jobs"), { path: "/api/jobs" });
    expect(problem).toContain("write it as a plain literal");
  });

  test("a rate limit with a bare string is refused, because it would limit the whole site at once", () => {
    const rateLimit = { windowLimit: 1, windowSize: 60, aggregateBy: "ip" };
    expect(misread(jobs, { path: ["/api/jobs"], rateLimit })[0]).toContain("must be an array");
  });

  test("a third door with a rate limit is reported, because Netlify's free plan allows two per site", () => {
    const config = {
      aggregate: { keys: [{ type: "ip" }] },
      rateLimitConfig: { windowLimit: 600, windowSize: 60 },
    };
    const limited = ["status", "upload", "lists"].map((name) => ({
      ...door(name),
      trafficRules: { action: { config } },
    }));
    expect(tooManyRateLimits([jobs, ...limited.slice(0, 2)])).toEqual([]);
    expect(tooManyRateLimits([jobs, ...limited])[0]).toContain("status, upload, lists");
  });

  test("a door with neither path nor schedule is reported", () => {
    expect(misread(door("lost"), {})).toEqual(["lost: has neither a path nor a schedule."]);
  });
});

describe("the doors of an address", () => {
  test("two doors for one address are reported as a collision", () => {
    expect(collisions([jobs, door("job", "/api/jobs/:id")])).toHaveLength(1);
    expect(collisions([jobs, door("campaigns", "/api/campaigns/*")])).toEqual([]);
  });

  test("a collision of doors that take every method is reported for each of them", () => {
    const everyMethod = (name: string) => {
      const one = door(name, "/api/jobs");
      return { ...one, routes: one.routes.map((route) => ({ ...route, methods: [] })) };
    };
    expect(collisions([everyMethod("jobs"), everyMethod("others")])).toHaveLength(2);
  });

  test("an address that one door excludes belongs to the other door", () => {
    const api = {
      ...door("api", "/api/*"),
      excludedRoutes: [{ pattern: "/api/jobs/*", expression: "^/api/jobs/.*$" }],
    };
    expect(doorsFor([api, door("others", "/api/jobs/*")], "GET", "/api/jobs/1")).toEqual(["others"]);
    expect(doorsFor([api], "GET", "/api/lists")).toEqual(["api"]);
  });

  test("a route that no door serves, by path or method, is reported", () => {
    const api = [
      { method: "GET", path: "/api/jobs/{id}" },
      { method: "DELETE", path: "/api/jobs/{id}" },
      { method: "GET", path: "/api/lists" },
    ];
    expect(unreachable([jobs], api)).toHaveLength(2);
    expect(doorsFor([jobs], "GET", "/api/jobs/1")).toEqual(["jobs"]);
  });
});

test("only the door that runs functions may contain sharp and Typst, and it must", () => {
  const carries = () => true;
  expect(misplaced(door("inngest"), carries)).toEqual([]);
  expect(misplaced(jobs, carries)[0]).toContain("carries sharp, which only inngest needs");
  expect(misplaced(jobs, () => false)).toEqual([]);
  expect(misplaced(door("inngest"), () => false)).toEqual([
    "inngest: does not carry sharp, which it needs.",
    "inngest: does not carry @myriaddreamin/typst-ts-node-compiler, which it needs.",
  ]);
});

test("a bundle over Netlify's limit is reported with its size", () => {
  expect(tooLarge("inngest", 250)).toEqual([]);
  expect(tooLarge("inngest", 251)).toEqual(["inngest: 251 MB unpacked, Netlify takes 250."]);
});
