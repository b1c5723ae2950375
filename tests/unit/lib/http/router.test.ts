import { describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { idParams, json, type Requester, type Route, route } from "#lib/http/route.ts";
import { createRoutes } from "#lib/http/router.ts";
import { createLogger } from "#lib/logger.ts";

const logger = createLogger({ LOG_LEVEL: "silent", NIGHTSHIFT_ENV: "development" });
const id = "8c2a5c58-1f0e-4a0a-9c1d-0a1b2c3d4e5f";
const people: Record<string, Requester> = {
  "Bearer app": { id: "key:a", role: "app", owner: "ann" },
  "Bearer admin": { id: "key:b", role: "admin", owner: "root" },
};

const seen = vi.fn();
const responses = { 200: z.unknown() };
const routes: Route[] = [
  route({
    method: "POST",
    path: "/api/things",
    policy: "app",
    summary: "Make a thing",
    body: z.object({ name: z.string(), size: z.number().optional() }),
    maxBodyBytes: 1000,
    responses,
    handler: async (input) => {
      seen(input);
      return json(200, { name: input.body.name });
    },
  }),
  route({
    method: "GET",
    path: "/api/things/:id",
    policy: "app",
    summary: "One thing",
    params: idParams,
    query: z.object({ depth: z.coerce.number().int().default(1) }),
    responses,
    handler: async ({ params, query, requester }) =>
      json(200, { ...params, ...query, owner: requester.owner }),
  }),
  route({
    method: "GET",
    path: "/api/things/newest",
    policy: "public",
    summary: "The newest thing",
    responses,
    handler: async ({ requester }) => json(200, { newest: true, requester: requester ?? null }),
  }),
  route({
    method: "DELETE",
    path: "/api/things/:id",
    policy: "admin",
    summary: "Away with it",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async () => json(204, undefined),
  }),
  route({
    method: "POST",
    path: "/api/notes",
    policy: "app",
    summary: "A note, with or without a text",
    body: z.object({ text: z.string().optional() }).optional(),
    responses,
    handler: async ({ body = {} }) => json(200, body),
  }),
  route({
    method: "POST",
    path: "/api/things/:id/polish",
    policy: "app",
    summary: "Polish a thing; takes no body",
    params: idParams,
    responses,
    handler: async ({ params }) => json(200, params),
  }),
  route({
    method: "PUT",
    path: "/api/table",
    policy: "public",
    summary: "Rows as CSV or JSON",
    body: z.union([z.strictObject({ csv: z.instanceof(Uint8Array) }), z.array(z.string())]),
    bodyKinds: ["json", "csv"],
    responses,
    handler: async ({ body }) => json(200, body),
  }),
  route({
    method: "POST",
    path: "/api/pictures",
    policy: "public",
    summary: "A picture",
    body: z.object({ bytes: z.instanceof(Uint8Array), contentType: z.string() }),
    bodyKinds: ["image"],
    maxBodyBytes: 5,
    answers: ["image/png"],
    responses,
    handler: async ({ body }) =>
      new Response(new Uint8Array(body.bytes), {
        status: 201,
        headers: { "content-type": body.contentType },
      }),
  }),
  route({
    method: "GET",
    path: "/api/trouble",
    policy: "public",
    summary: "Trouble",
    responses,
    handler: () => Promise.reject(new Error("the password is hunter2")),
  }),
];

const handle = createRoutes({
  routes,
  logger,
  authenticate: async (request) => {
    const header = request.headers.get("authorization");
    if (header === null) return undefined;
    const requester = people[header];
    if (!requester) throw new AppError("unauthorized", "wrong key");
    return requester;
  },
});

type Init = { body?: BodyInit; headers?: Record<string, string>; as?: string };
async function call(method: string, path: string, { body, headers = {}, as = "app" }: Init = {}) {
  const response = await handle(
    new Request(`http://site.local${path}`, {
      method,
      headers: { ...(as === "" ? {} : { authorization: `Bearer ${as}` }), ...headers },
      ...(body === undefined ? {} : { body }),
    }),
  );
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
const jsonType = { "content-type": "application/json" };
const post = (body: BodyInit, headers: Record<string, string> = jsonType) =>
  call("POST", "/api/things", { body, headers });

describe("valid requests", () => {
  test("200: the handler gets body, requester and idempotency key", async () => {
    const { status, body } = await post('{"name":"lamp"}', { ...jsonType, "idempotency-key": "once" });
    expect({ status, body }).toEqual({ status: 200, body: { name: "lamp" } });
    expect(seen).toHaveBeenLastCalledWith(
      expect.objectContaining({
        body: { name: "lamp" },
        requester: people["Bearer app"],
        idempotencyKey: "once",
      }),
    );
  });

  test("200: the handler gets parsed parameters and query", async () => {
    const { body } = await call("GET", `/api/things/${id}?depth=3`);
    expect(body).toEqual({ id, depth: 3, owner: "ann" });
  });

  test("200: a literal path is preferred to a parameter", async () => {
    expect((await call("GET", "/api/things/newest", { as: "" })).body).toEqual({
      newest: true,
      requester: null,
    });
  });

  test("200: a route without a declared body accepts an empty body and an empty object", async () => {
    const path = `/api/things/${id}/polish`;
    for (const body of [undefined, "", "{}"])
      expect(
        await call("POST", path, { headers: jsonType, ...(body === undefined ? {} : { body }) }),
      ).toMatchObject({ status: 200, body: { id } });
    expect((await call("POST", path)).status).toBe(200);
  });

  test("204 has no body", async () => {
    expect(await call("DELETE", `/api/things/${id}`, { as: "admin" })).toMatchObject({
      status: 204,
      body: undefined,
    });
  });

  test("200: a route that allows CSV gets its bytes unchanged", async () => {
    const csv = "email,name\r\nada@example.com,Zoë\r\n";
    const { body } = await call("PUT", "/api/table", { body: csv, headers: { "content-type": "text/csv" } });
    expect(body).toEqual({ csv: Buffer.from(csv).toJSON() });
  });

  test("201: a route that allows pictures gets their bytes, and may return its own Response", async () => {
    const response = await handle(
      new Request("http://site.local/api/pictures", {
        method: "POST",
        body: new Uint8Array([0, 255, 7]),
        headers: { "content-type": "image/png" },
      }),
    );
    expect({ status: response.status, type: response.headers.get("content-type") }).toEqual({
      status: 201,
      type: "image/png",
    });
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 255, 7]);
  });

  test("every answer has the security headers", async () => {
    for (const path of ["/api/things/newest", "/api/nothing"]) {
      const { headers } = await call("GET", path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("strict-transport-security")).toBeTruthy();
    }
  });
});

describe("the code of each wrong request", () => {
  test.each<[string, number, string, () => ReturnType<typeof call>]>([
    ["no such address", 404, "not_found", () => call("GET", "/api/nothing")],
    [
      "a method that the address does not have",
      405,
      "method_not_allowed",
      () => call("PATCH", "/api/things"),
    ],
    ["no key", 401, "unauthorized", () => call("GET", `/api/things/${id}`, { as: "" })],
    ["a wrong key", 401, "unauthorized", () => call("GET", `/api/things/${id}`, { as: "thief" })],
    ["a right key without the role", 403, "forbidden", () => call("DELETE", `/api/things/${id}`)],
    ["an id of the wrong form", 404, "not_found", () => call("GET", "/api/things/17")],
    ["a path that is not even UTF-8", 404, "not_found", () => call("GET", "/api/things/%ff%fe")],
    ["a query of the wrong type", 400, "invalid_request", () => call("GET", `/api/things/${id}?depth=deep`)],
    ["an unknown query field", 400, "invalid_request", () => call("GET", `/api/things/${id}?dept=1`)],
    [
      "a query field given twice",
      400,
      "invalid_request",
      () => call("GET", `/api/things/${id}?depth=1&depth=2`),
    ],
    ["NUL in the query", 400, "invalid_request", () => call("GET", `/api/things/${id}?depth=%00`)],
    ["bad JSON", 400, "invalid_json", () => post('{"name":')],
    ["no body", 400, "invalid_request", () => call("POST", "/api/things")],
    ["an empty body that claims to be JSON", 400, "invalid_json", () => post("")],
    ["a field of the wrong type", 400, "invalid_request", () => post('{"name":7}')],
    ["a missing field", 400, "invalid_request", () => post("{}")],
    ["an unknown field", 400, "invalid_request", () => post('{"name":"lamp","colour":"red"}')],
    [
      "a field for a route without a declared body",
      400,
      "invalid_request",
      () => call("POST", `/api/things/${id}/polish`, { body: '{"shine":1}', headers: jsonType }),
    ],
    [
      "a field for a DELETE without a declared body",
      400,
      "invalid_request",
      () => call("DELETE", `/api/things/${id}`, { as: "admin", body: '{"all":true}', headers: jsonType }),
    ],
    [
      "an unknown field of a body that may be absent",
      400,
      "invalid_request",
      () => call("POST", "/api/notes", { body: '{"txt":"a"}', headers: jsonType }),
    ],
    ["an array for an object", 400, "invalid_request", () => post("[]")],
    ["invalid UTF-8", 400, "invalid_encoding", () => post(new Uint8Array([0x22, 0xff, 0x22]))],
    ["NUL in a text", 400, "invalid_request", () => post('{"name":"a\\u0000b"}')],
    ["half of a surrogate pair", 400, "invalid_request", () => post('{"name":"\\ud800"}')],
    ["no content type", 415, "unsupported_media_type", () => post(new TextEncoder().encode("{}"), {})],
    [
      "a picture of an unsupported type",
      415,
      "unsupported_media_type",
      () => call("POST", "/api/pictures", { body: "<a/>", headers: { "content-type": "image/svg+xml" } }),
    ],
    [
      "a picture that is too large",
      413,
      "payload_too_large",
      () => call("POST", "/api/pictures", { body: "123456", headers: { "content-type": "image/png" } }),
    ],
    [
      "another content type",
      415,
      "unsupported_media_type",
      () => post("name=lamp", { "content-type": "text/plain" }),
    ],
    [
      "CSV where only JSON is read",
      415,
      "unsupported_media_type",
      () => post("a,b", { "content-type": "text/csv" }),
    ],
    [
      "another charset",
      415,
      "unsupported_media_type",
      () => post("{}", { "content-type": "application/json; charset=latin1" }),
    ],
    [
      "a content length that is too large",
      413,
      "payload_too_large",
      () => post("{}", { ...jsonType, "content-length": "1001" }),
    ],
    [
      "a body that is too large",
      413,
      "payload_too_large",
      () => post(JSON.stringify({ name: "x".repeat(1000) })),
    ],
    [
      "headers that are too large",
      431,
      "headers_too_large",
      () => post("{}", { ...jsonType, "x-junk": "x".repeat(20_000) }),
    ],
    [
      "an idempotency key that is too long",
      400,
      "invalid_request",
      () => post('{"name":"x"}', { ...jsonType, "idempotency-key": "x".repeat(256) }),
    ],
    ["an internal error", 500, "internal", () => call("GET", "/api/trouble")],
  ])("%s: %i %s", async (_, status, code, ask) => {
    const answer = await ask();
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body).toMatchObject({ status, code, hint: expect.any(String), error: expect.any(String) });
    expect(answer.status).toBe(status);
  });

  test("405: the answer lists the allowed methods", async () => {
    expect((await call("PATCH", `/api/things/${id}`)).headers.get("allow")).toBe("GET, HEAD, DELETE");
  });

  test("401: the answer names the authentication scheme", async () => {
    const { headers } = await call("GET", `/api/things/${id}`, { as: "" });
    expect(headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("400: the answer names the wrong field", async () => {
    const { body } = await post('{"name":7}');
    expect(body.details).toEqual([{ field: "name", message: expect.any(String) }]);
    expect(body.detail).toContain('"name"');
  });

  test("500: the answer does not contain the internal error", async () => {
    expect(JSON.stringify((await call("GET", "/api/trouble")).body)).not.toContain("hunter2");
  });

  test("401: the requester is checked before the body is read", async () => {
    const { status } = await call("POST", "/api/things", { as: "", body: "{", headers: jsonType });
    expect(status).toBe(401);
  });
});

test("S4-46: every log line of a request has its route, and the last one the id of its job", async () => {
  const lines: string[] = [];
  const logger = createLogger({}, { write: (line) => void lines.push(line) });
  const ask = createRoutes({
    routes: [
      route({
        method: "POST",
        path: "/api/things/:id",
        policy: "app",
        summary: "Work",
        params: idParams,
        responses,
        handler: async () => {
          logger.warn("on the way");
          return json(202, { jobId: id });
        },
      }),
      ...routes.filter(({ path }) => path === "/api/trouble"),
    ],
    logger,
    authenticate: async () => ({ id: "key:a", role: "app", owner: "ann" }),
  });
  await ask(new Request(`http://site.local/api/things/${id}`, { method: "POST" }));
  await ask(new Request("http://site.local/api/trouble"));
  const work = { method: "POST", route: "/api/things/:id", by: "key:a" };
  const trouble = { method: "GET", route: "/api/trouble" };
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { ...work, msg: "on the way" },
    { ...work, msg: "request", status: 202, jobId: id, ms: expect.any(Number) },
    { ...trouble, msg: "request failed", code: "internal" },
    { ...trouble, msg: "request", status: 500 },
  ]);
});

describe("the router refuses to start with", () => {
  const lamp = {
    method: "GET",
    path: "/api/lamp",
    summary: "",
    responses,
    handler: async () => json(200, {}),
  } as const;
  const build = (...specs: unknown[]) =>
    createRoutes({
      routes: specs.map((spec) => route(spec as Parameters<typeof route>[0])),
      logger,
      authenticate: async () => undefined,
    });

  test.each([undefined, "", "everybody"])("a route whose policy is %j", (policy) => {
    expect(() => build({ ...lamp, policy })).toThrow("GET /api/lamp has no policy");
  });

  test("a route that is registered twice", () => {
    expect(() => build({ ...lamp, policy: "public" }, { ...lamp, policy: "app" })).toThrow("twice");
  });

  test.each([
    { method: "POST", policy: "user" },
    { method: "GET", policy: "public" },
    { method: "GET", policy: "app" },
    { method: "GET", policy: "admin" },
  ])("a ticket on $method for $policy, since it may only read for its owner", (spec) => {
    expect(() => build({ ...lamp, ...spec, ticket: true })).toThrow(/ticket/);
  });
});
