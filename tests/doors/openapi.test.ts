import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NEWEST_MIGRATION } from "#lib/database/newest-migration.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

const root = (path: string) => resolve(import.meta.dirname, "../..", path);

test("200: the document describes every route, from the schemas that check it", async () => {
  const { status, body } = await site.call("GET", "/api/openapi.json");
  expect({ status, openapi: body.openapi }).toEqual({ status: 200, openapi: "3.1.0" });
  for (const { method, path, summary } of site.app.routes) {
    const operation = body.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    expect(operation, `${method} ${path}`).toMatchObject({ summary, responses: expect.any(Object) });
    for (const [, name] of path.matchAll(/:(\w+)/g)) {
      expect(operation.parameters).toContainEqual(
        expect.objectContaining({ name, in: "path", required: true }),
      );
    }
  }
  expect(body.paths["/api/jobs"].get.parameters).toContainEqual(
    expect.objectContaining({
      name: "limit",
      in: "query",
      required: false,
      schema: expect.objectContaining({ maximum: 100 }),
    }),
  );
  expect(
    body.paths["/api/dead-letters/{id}/ignore"].post.requestBody.content["application/json"].schema,
  ).toMatchObject({
    required: ["note"],
    additionalProperties: false,
  });
});

test("every route but the three about our own health has a lock", () => {
  const open = site.app.routes.filter(({ policy }) => policy === "public").map(({ path }) => path);
  expect(open.toSorted()).toEqual(["/api/health", "/api/openapi.json", "/api/ready"]);
});

test("401: no locked route opens without a key", async () => {
  const open: string[] = [];
  for (const { method, path, policy } of site.app.routes) {
    const { status } = await site.call(method, path.replace(/:\w+/g, "00000000-0000-4000-8000-000000000000"));
    if (policy !== "public" && status !== 401) open.push(`${method} ${path}: ${status}`);
  }
  expect(open).toEqual([]);
});

test("every route is behind a door that Netlify knows", () => {
  const doors = readdirSync(root("netlify/functions")).map((file) =>
    readFileSync(root(`netlify/functions/${file}`), "utf8"),
  );
  const paths = doors.flatMap((text) =>
    [...text.matchAll(/"(\/api\/[^"]*)"/g)].map(([, path]) => String(path)),
  );
  const unserved: string[] = [];
  for (const { path } of site.app.routes) {
    const isServed = paths.some(
      (door) => door === path || (door.endsWith("/*") && path.startsWith(door.slice(0, -1))),
    );
    if (!isServed) unserved.push(path);
  }
  expect(unserved).toEqual([]);
});

test("the code knows the newest migration", () => {
  const newest = readdirSync(root("supabase/migrations")).toSorted().at(-1);
  expect(newest).toContain(NEWEST_MIGRATION);
});
