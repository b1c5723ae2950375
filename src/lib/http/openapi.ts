import { z } from "zod";
import { ERROR_CODES } from "#lib/errors.ts";
import { type BodyKind, CONTENT_TYPES, type Route } from "#lib/http/route.ts";

type Schema = Record<string, unknown>;

const problem: Schema = {
  type: "object",
  description: "RFC 9457 problem details; decide by `code`, `detail` is for people.",
  required: ["type", "title", "status", "detail", "code", "hint", "error"],
  properties: {
    type: { type: "string", format: "uri" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string", enum: ERROR_CODES },
    hint: { type: "string" },
    error: { type: "string" },
  },
};

/** The API as OpenAPI 3.1, from the very schemas that check it. */
export function toOpenApi(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Nightshift",
      version: "1",
      description: "Background work for sites on Netlify and Supabase.",
    },
    paths,
    components: {
      schemas: { Problem: problem },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key (ns_…) or a Supabase user token" },
        ticket: { type: "apiKey", in: "query", name: "ticket", description: "From POST /api/tickets" },
      },
    },
  };
}

function toOperation(route: Route) {
  return {
    summary: route.summary,
    security: toSecurity(route),
    ...(route.policy === "app" || route.policy === "admin"
      ? { description: `For the role ${route.policy}.` }
      : {}),
    parameters: [...toParameters("path", route.params), ...toParameters("query", route.query)],
    ...(route.body === undefined ? {} : { requestBody: toRequestBody(route.body, route.bodyKinds) }),
    responses: toResponses(route),
  };
}

const toSecurity = ({ policy, ticket }: Route) =>
  policy === "public" ? [] : [{ bearer: [] }, ...(ticket ? [{ ticket: [] }] : [])];

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function toParameters(where: "path" | "query", schema: z.ZodType | undefined) {
  if (schema === undefined) return [];
  const { properties, required } = objectSchema.parse(toSchema(schema, "input"));
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema: field,
  }));
}

const toRequestBody = (schema: z.ZodType, kinds: readonly BodyKind[]) => ({
  required: !schema.safeParse(undefined).success,
  content: Object.fromEntries(
    kinds.flatMap((kind) =>
      CONTENT_TYPES[kind].map((type): [string, unknown] => [type, { schema: toBodySchema(schema, kind) }]),
    ),
  ),
});

function toBodySchema(schema: z.ZodType, kind: BodyKind): Schema {
  if (kind === "json") return toSchema(schema, "input");
  return kind === "csv" ? { type: "string" } : { type: "string", format: "binary" };
}

function toResponses({ responses, policy, answers }: Route) {
  const good = Object.entries(responses).map(([status, schema]): [string, unknown] => {
    const isJson = (type: string) => type === "application/json";
    const content = answers.map((type): [string, unknown] => [
      type,
      { schema: isJson(type) ? toSchema(schema, "output") : { type: "string" } },
    ]);
    return [status, { description: "Answer", content: Object.fromEntries(content) }];
  });
  const bad = {
    description: "Problem",
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
  return { ...Object.fromEntries(good), ...(policy === "public" ? {} : { "401": bad }), default: bad };
}

const anySchema = z.record(z.string(), z.unknown());

function toSchema(schema: z.ZodType, io: "input" | "output"): Schema {
  const { $schema: _, ...rest }: Schema = anySchema.parse(
    z.toJSONSchema(schema, { io, unrepresentable: "any" }),
  );
  return rest;
}
