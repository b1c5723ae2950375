/** Every input has bounds: each string a maximum length, each number a range, each array a maximum size. */
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createApp } from "#app.ts";
import { readEnv } from "#lib/env.ts";

const SRC = resolve(import.meta.dirname, "../../src");

/** Read entry by entry, so that one wrong entry does not refuse the others; the size of the body limits them. */
const READ_BY_THE_ROOM = new Set([
  "POST /api/lists/:id/subscribers body[]",
  "POST /api/lists/:id/subscribers body.subscribers[]",
  "POST /api/lists/:id/subscribers body.csv",
  // The size of the whole patch is limited.
  "POST /api/dead-letters/groups/:fingerprint/reprocess body.patch[].value",
  "POST /api/dead-letters/groups/:fingerprint/dry-run body.patch[].value",
  "POST /api/dead-letters/:id/reprocess body.patch[].value",
  "POST /api/upload body.bytes",
  "POST /api/webhooks/:source body.bytes",
  "POST /webhooks/payment body.bytes",
  "POST /api/auth-hooks/send-email body.bytes",
  "POST /api/auth-hooks/after-user-created body.bytes",
]);

const { routes } = createApp(
  readEnv({ SUPABASE_URL: "http://db.local", SUPABASE_SECRET_KEY: "sb_secret_test" }),
);

describe("the schema of each route has only bounded strings, numbers and arrays", () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))("%s", (name, route) => {
    for (const part of ["params", "query", "body"] as const) {
      const schema = route[part];
      if (schema !== undefined) expect(unboundedIn(schema, `${name} ${part}`)).toEqual([]);
    }
  });
});

describe("the schema of each event has only bounded strings, numbers and arrays", async () => {
  const files = readdirSync(SRC)
    .map((room) => join(SRC, room, "events.ts"))
    .filter((file) => existsSync(file));
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(file).href)));
  // The file may export event types and schemas that they share.
  const exported = modules.flatMap((module): unknown[] => Object.values(module));
  const types = exported.flatMap((value) => eventType.safeParse(value).data ?? []);

  test("this test finds the events", () =>
    expect(types.map(({ name }) => name)).toContain("email/send.campaign"));
  test.each(types.map(({ name, schema }) => [name, schema] as const))("%s", (name, schema) => {
    expect(unboundedIn(schema, name)).toEqual([]);
  });
});

test.each([
  ["a string", z.object({ a: z.string() }), ["x.a"]],
  ["a number", z.object({ a: z.number().min(0) }), ["x.a"]],
  ["an array", z.array(z.uuid()), ["x"]],
  ["a string in an array", z.array(z.string()).max(3), ["x[]"]],
  ["any value", z.object({ a: z.unknown() }), ["x.a"]],
  ["the names of a record", z.record(z.string(), z.uuid()), ["x's names"]],
  ["one of several", z.union([z.string().max(1), z.string()]), ["x"]],
])("an unbounded %s is detected", (_, schema, where) => expect(unboundedIn(schema, "x")).toEqual(where));

const eventType = z.object({ name: z.string(), schema: z.custom<z.ZodType>() });

type Node = {
  type?: string;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  maxLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: Node;
  properties?: Record<string, Node>;
  propertyNames?: Node;
  additionalProperties?: Node | boolean;
  anyOf?: Node[];
  oneOf?: Node[];
  allOf?: Node[];
};

/** The places where this schema accepts values without a bound. */
const unboundedIn = (schema: z.ZodType, where: string): string[] =>
  walk(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Node, where);

function walk(node: Node, where: string): string[] {
  if (READ_BY_THE_ROOM.has(where) || node.enum || node.const !== undefined) return [];
  const choices = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  if (choices.length > 0) return choices.flatMap((choice) => walk(choice, where));
  switch (node.type) {
    case "string":
      return node.maxLength !== undefined || node.format === "uuid" ? [] : [where];
    case "number":
    case "integer":
      return (node.minimum ?? node.exclusiveMinimum) !== undefined && node.maximum !== undefined
        ? []
        : [where];
    case "array":
      return [...(node.maxItems === undefined ? [where] : []), ...walk(node.items ?? {}, `${where}[]`)];
    case "object":
      return [
        ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => walk(child, `${where}.${name}`)),
        ...(node.propertyNames ? walk(node.propertyNames, `${where}'s names`) : []),
        ...(typeof node.additionalProperties === "object"
          ? walk(node.additionalProperties, `${where}.*`)
          : []),
      ];
    case "boolean":
    case "null":
      return [];
    default:
      return [where];
  }
}
