import { z } from "zod";
import { ERROR_CODES } from "#lib/errors.ts";
import { createSchemas, type Schema } from "#lib/http/openapi-schemas.ts";
import { type BodyKind, CONTENT_TYPES, type Route } from "#lib/http/route.ts";

type ToSchema = ReturnType<typeof createSchemas>["of"];

const problem = z
  .object({
    type: z.url(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES),
    hint: z.string(),
    error: z.string(),
    details: z.unknown().optional(),
  })
  .meta({
    id: "Problem",
    description: "RFC 9457 problem details; decide by `code`, `detail` is for people.",
  });

const refTo = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

/** The API as OpenAPI 3.1, generated from the schemas that check requests. */
export function toOpenApi(routes: readonly Route[]) {
  const { of, named } = createSchemas();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route, of) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Nightshift",
      version: "1",
      description: "Background work for sites on Netlify and Supabase. Every GET answers HEAD, too.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [
      { url: "/", description: "The site itself: requests from pages of other origins are not served." },
    ],
    paths,
    components: {
      responses: { Problem: problemResponse(of) },
      schemas: named,
      parameters: { IdempotencyKey: idempotencyKey },
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "An API key (ns_…) or a Supabase user token" },
        ticket: { type: "apiKey", in: "query", name: "ticket", description: "From POST /api/tickets" },
      },
    },
  };
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "A repeated request with the same key gets the job of the first one, or the row that it made. Another request with that key is refused (409).",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

const problemResponse = (of: ToSchema) => ({
  description: "Problem",
  headers: {
    "Retry-After": { description: "Seconds until another try makes sense", schema: { type: "integer" } },
  },
  content: { "application/problem+json": { schema: of(problem, "output") } },
});

/** `POST /api/campaigns/:id/send` becomes `postCampaignsByIdSend`. */
const operationId = ({ method, path }: Route): string => {
  const words = path
    .replace(/^\/api\//, "")
    .replace(/:/g, "by-")
    .split(/[-/.]/);
  const names = words
    .filter((word) => word !== "")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + names.join("");
};

function toOperation(route: Route, of: ToSchema) {
  const [, tag = "api"] = /^\/api\/([\w-]+)/.exec(route.path) ?? [];
  return {
    operationId: operationId(route),
    tags: [tag],
    summary: route.summary,
    security: toSecurity(route),
    ...(route.policy === "app" || route.policy === "admin"
      ? { description: `For the role ${route.policy}.` }
      : {}),
    parameters: [
      ...toParameters("path", route.params, of),
      ...toParameters("query", route.query, of),
      ...(takesKey(route) ? [refTo("parameters", "IdempotencyKey")] : []),
    ],
    ...(route.body === undefined ? {} : { requestBody: toRequestBody(route.body, route.bodyKinds, of) }),
    responses: toResponses(route, of),
  };
}

const takesKey = ({ method, responses, takesKey: declared }: Route): boolean =>
  declared ?? (method === "POST" && 202 in responses);

const toSecurity = ({ policy, ticket }: Route) =>
  policy === "public" || policy === "signature" ? [] : [{ bearer: [] }, ...(ticket ? [{ ticket: [] }] : [])];

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  required: z.array(z.string()).default([]),
});

function toParameters(where: "path" | "query", schema: z.ZodType | undefined, of: ToSchema) {
  if (schema === undefined) return [];
  const { properties, required } = objectSchema.parse(of(schema, "input"));
  return Object.entries(properties).map(([name, field]) => ({
    name,
    in: where,
    required: where === "path" || required.includes(name),
    schema: field,
  }));
}

const toRequestBody = (schema: z.ZodType, kinds: readonly BodyKind[], of: ToSchema) => ({
  required: !schema.safeParse(undefined).success,
  content: Object.fromEntries(
    kinds.flatMap((kind) =>
      CONTENT_TYPES[kind].map((type): [string, unknown] => [
        type,
        { schema: toBodySchema(schema, kind, of) },
      ]),
    ),
  ),
});

function toBodySchema(schema: z.ZodType, kind: BodyKind, of: ToSchema): Schema {
  if (kind === "json") return of(schema, "input");
  return kind === "csv" ? { type: "string" } : { type: "string", format: "binary" };
}

function toResponses({ responses, policy, answers }: Route, of: ToSchema) {
  const isJson = (type: string) => type === "application/json";
  const good = Object.entries(responses).map(([status, schema]): [string, unknown] => {
    if (status === "204") return [status, { description: "Done" }];
    const content = answers.map((type): [string, unknown] => [
      type,
      { schema: isJson(type) ? of(schema, "output") : { type: "string" } },
    ]);
    return [status, { description: "Answer", content: Object.fromEntries(content) }];
  });
  const bad = refTo("responses", "Problem");
  return { ...Object.fromEntries(good), ...(policy === "public" ? {} : { "401": bad }), default: bad };
}
