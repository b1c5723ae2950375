import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import openapiTS, { astToString } from "openapi-typescript";
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

test("200: the document describes every route from the schemas that validate its requests", async () => {
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

test("an independent validator accepts the document as OpenAPI 3.1, and every reference resolves", async () => {
  const { body } = await site.call("GET", "/api/openapi.json");
  const validator = new Validator();
  expect(await validator.validate(structuredClone(body))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const references = [...JSON.stringify(body).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, path]) =>
    String(path),
  );
  const lost = references.filter((path) => {
    const found = path
      .split("/")
      .slice(1)
      .reduce((at, part) => at?.[part], body);
    return found === undefined;
  });
  expect({ references: references.length > 50, lost }).toEqual({ references: true, lost: [] });
});

type Operation = {
  operationId: string;
  parameters: { name?: string; schema?: { type: string } }[];
  responses: Record<string, unknown>;
};

test("an upload of subscribers is described with the fields of a subscriber, and a CSV once", async () => {
  const { body } = await site.call("GET", "/api/openapi.json");
  const { anyOf } =
    body.paths["/api/lists/{id}/subscribers"].post.requestBody.content["application/json"].schema;
  const entry = { type: "object", required: ["email"], properties: { email: { type: "string" } } };
  expect(anyOf).toHaveLength(3);
  expect(anyOf).toMatchObject([
    { type: "array", items: entry },
    { properties: { subscribers: { items: entry } } },
    { properties: { csv: { type: "string" } }, required: ["csv"] },
  ]);
});

test("operation ids are unique, schemas are named, every cursor is a string, and refusals document Retry-After", async () => {
  const { body } = await site.call("GET", "/api/openapi.json");
  const operations = Object.values(body.paths as Record<string, Record<string, Operation>>).flatMap((path) =>
    Object.values(path),
  );
  const ids = operations.map(({ operationId }) => operationId);
  expect(ids).toEqual([...new Set(ids)]);
  expect(ids).toEqual(expect.arrayContaining(["postCampaignsByIdSend", "getJobs", "getOpenapiJson"]));
  expect(Object.keys(body.components.schemas)).toEqual(
    expect.arrayContaining([
      "Accepted",
      "ApiKey",
      "Campaign",
      "DeadLetter",
      "ImageTask",
      "Job",
      "List",
      "Problem",
    ]),
  );
  const cursors = operations.flatMap(({ parameters }) => parameters.filter(({ name }) => name === "cursor"));
  expect(cursors.length).toBeGreaterThan(5);
  expect(new Set(cursors.map(({ schema }) => schema?.type))).toEqual(new Set(["string"]));
  for (const { responses } of operations) {
    expect(responses["default"]).toEqual({ $ref: "#/components/responses/Problem" });
  }
  expect(body.components.responses.Problem.headers).toHaveProperty("Retry-After");
  for (const path of ["/api/campaigns/{id}/send", "/api/campaigns", "/api/lists"])
    expect(body.paths[path].post.parameters).toContainEqual({
      $ref: "#/components/parameters/IdempotencyKey",
    });
  expect(body.servers).toMatchObject([{ url: "/" }]);
});

test("every route whose document lists Idempotency-Key reads the key", async () => {
  const { body } = await site.call("GET", "/api/openapi.json");
  const key = { $ref: "#/components/parameters/IdempotencyKey" };
  const unread: string[] = [];
  for (const { method, path, handle } of site.app.routes) {
    const { parameters } = body.paths[path.replace(/:(\w+)/g, "{$1}")][method.toLowerCase()];
    if (!parameters.some(({ $ref }: { $ref?: string }) => $ref === key.$ref)) continue;
    let isRead = false;
    const input = {
      params: {},
      query: {},
      body: {},
      requester: undefined,
      request: new Request("https://site.test"),
      get idempotencyKey(): string {
        isRead = true;
        throw new Error("The handler reads the key before it does anything, and goes no further");
      },
    };
    const handled = handle(input).catch(() => undefined);
    // A handler reads its input synchronously; what wraps it reads the key later, when a handler has failed.
    if (!isRead) unread.push(`${method} ${path}`);
    await handled;
  }
  expect(unread).toEqual([]);
});

test("a client that is generated from the document compiles under tsc --strict and works", async () => {
  mkdirSync(root(".nightshift"), { recursive: true });
  const folder = mkdtempSync(root(".nightshift/consumer-"));
  try {
    const { body } = await site.call("GET", "/api/openapi.json");
    writeFileSync(join(folder, "api.ts"), astToString(await openapiTS(body)));
    cpSync(root("tests/fixtures/consumers/api.ts.txt"), join(folder, "consumer.ts"));
    const options = [
      "--strict",
      "--noEmit",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--allowImportingTsExtensions",
      "--types",
      "node",
    ];
    const complaints = await new Promise((done) => {
      const args = [root("node_modules/typescript/bin/tsc"), ...options, join(folder, "consumer.ts")];
      execFile(process.execPath, args, (_, stdout) => done(stdout));
    });
    expect(complaints).toBe("");
    const { useTheApi } = await import(join(folder, "consumer.ts"));
    const seen = await useTheApi((request: Request) => site.app.doors.api(request), site.keys.ann);
    expect(seen).toEqual({
      jobId: expect.stringMatching(/^[\w-]{36}$/),
      again: seen.jobId,
      status: "queued",
      emails: ["ada@example.com", "bob@example.com"],
      problem: "invalid_request",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("only the health routes, this document, the empty page for mails and the sign-up are public", () => {
  const open = site.app.routes.filter(({ policy }) => policy === "public").map(({ path }) => path);
  expect(open.toSorted()).toEqual([
    "/api/health",
    "/api/mail-frame",
    "/api/openapi.json",
    "/api/ready",
    "/api/register",
  ]);
});

test("401: every route needs a key, except the public and the signed ones", async () => {
  const open: string[] = [];
  for (const { method, path, policy } of site.app.routes) {
    // A signature is their lock: tests/doors/webhooks.test.ts.
    if (policy === "signature" || policy === "public") continue;
    const { status } = await site.call(method, path.replace(/:\w+/g, "00000000-0000-4000-8000-000000000000"));
    if (status !== 401) open.push(`${method} ${path}: ${status}`);
  }
  expect(open).toEqual([]);
});

test("every route belongs to a door's path", () => {
  const doors = readdirSync(root("netlify/functions")).map((file) =>
    readFileSync(root(`netlify/functions/${file}`), "utf8"),
  );
  const paths = doors.flatMap((text) => [...text.matchAll(/"(\/[^"]*)"/g)].map(([, path]) => String(path)));
  const unserved: string[] = [];
  for (const { path } of site.app.routes) {
    const isServed = paths.some(
      (door) => door === path || (door.endsWith("/*") && path.startsWith(door.slice(0, -1))),
    );
    if (!isServed) unserved.push(path);
  }
  expect(unserved).toEqual([]);
});

test("the code's newest migration is the newest file in the folder", () => {
  const newest = readdirSync(root("supabase/migrations")).toSorted().at(-1);
  expect(newest).toContain(NEWEST_MIGRATION);
});
