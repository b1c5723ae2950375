import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { findFunctions } from "@nightshift/local/netlify/functions.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

const addressOf = (path: string) => path.replace(/:\w+/g, randomUUID());
const doors = findFunctions(resolve(import.meta.dirname, "../../netlify/functions"));
const doorsOf = (method: string, path: string) =>
  doors
    .filter(({ match }) => match(method, new URL(path, "http://site.local")) !== undefined)
    .map(({ name }) => name);

/** A request to the site: only requests that a door accepts reach the app. */
async function ask(method: string, path: string, headers: Record<string, string> = {}) {
  expect(doorsOf(method, path), `${method} ${path}`).toHaveLength(1);
  const authorization = `Bearer ${site.keys.admin}`;
  return site.app.doors.api(
    new Request(`http://site.local${path}`, { method, headers: { authorization, ...headers } }),
  );
}

describe("HEAD", () => {
  test("HEAD answers on every GET route with the same status and type, without a body", async () => {
    const gets = site.app.routes.filter(({ method }) => method === "GET");
    expect(gets.length).toBeGreaterThan(15);
    for (const { path } of gets) {
      const address = addressOf(path);
      const [head, get] = [await ask("HEAD", address), await ask("GET", address)];
      expect({ address, status: head.status, type: head.headers.get("content-type") }).toEqual({
        address,
        status: get.status,
        type: get.headers.get("content-type"),
      });
      expect(await head.text()).toBe("");
      await get.body?.cancel();
    }
  });

  test("HEAD on a stream opens none", async () => {
    const { app } = await testApp(database, { env: { STREAM_SECONDS: "600" } });
    const headers = { authorization: `Bearer ${site.keys.ann}`, accept: "text/event-stream" };
    const path = "http://site.local/api/jobs/stream";
    // More than a key's limit of open streams: the last one would be refused if earlier ones were still open.
    for (let n = 0; n < 210; n++) {
      const response = await app.doors.api(new Request(path, { method: "HEAD", headers }));
      expect(response.status).toBe(200);
    }
  });
});

describe("unknown routes and methods", () => {
  test.each(["/api", "/api/", "/api/nothing", "/api/jobs/a/b/c", "/api/nothing.html", "/api/%ff"])(
    "404 as problem JSON: %s, by every method",
    async (path) => {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
        const response = await ask(method, path);
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        expect(await response.json()).toMatchObject({ status: 404, code: "not_found" });
      }
    },
  );

  test("405 as problem JSON with Allow: every route, by every method that it does not have", async () => {
    const paths = new Set(site.app.routes.map(({ path }) => path));
    for (const path of paths) {
      const known = site.app.routes.filter((route) => route.path === path).map(({ method }) => method);
      const all: string[] = known.includes("GET") ? [...known, "HEAD"] : known;
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
        if (all.includes(method)) continue;
        const response = await ask(method, addressOf(path));
        expect({ path, method, status: response.status }).toEqual({ path, method, status: 405 });
        expect(response.headers.get("allow")?.split(", ").toSorted()).toEqual(all.toSorted());
        expect(await response.json()).toMatchObject({ code: "method_not_allowed" });
      }
    }
  });

  test("no answer allows pages of other origins to read it", async () => {
    for (const method of ["GET", "OPTIONS"]) {
      const response = await ask(method, "/api/jobs", { origin: "https://other.example" });
      expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

test("a body whose fields all have defaults may be left out", async () => {
  const answers = [
    await ask("POST", "/api/clear-queue"),
    await ask("POST", `/api/webhook-endpoints/${randomUUID()}/rotate-secret`),
    await ask("POST", `/api/dead-letters/groups/2-${"0".repeat(16)}/reprocess`),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 404]);
});

describe("400: the response names the field", () => {
  const post = (path: string, body: unknown) => site.call("POST", path, { as: "admin", body });

  test.each<[string, string, unknown, string]>([
    ["of the wrong type", "/api/lists", { name: 7 }, "name"],
    ["that is missing", "/api/tasks", {}, "prompt"],
    ["that is not known", "/api/lists", { name: "a", color: "red" }, "color"],
    ["that matches none of its alternatives", "/api/lists/ID/subscribers", { subscribers: 7 }, "subscribers"],
    ["that none of the alternatives has", "/api/lists/ID/subscribers", { subscribers: [], x: 1 }, "x"],
  ])("a field %s", async (_, path, body, field) => {
    const { body: list } = await post("/api/lists", { name: "list" });
    const answer = await post(path.replace("ID", list.id), body);
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    expect(answer.body.details.map((detail: { field: string }) => detail.field)).toContain(field);
    expect(answer.body.detail).toMatch(
      new RegExp(`field "${field}" (is missing|is not a known field|must )`),
    );
  });

  test('every route with a body refuses {"unheard": 1} and names a field', async () => {
    const silent: string[] = [];
    for (const { method, path, body, bodyKinds } of site.app.routes) {
      if (body === undefined || !bodyKinds.includes("json")) continue;
      const answer = await site.call(method, addressOf(path).replace(/[\w-]{36}$/, "1"), {
        as: "admin",
        body: { unheard: 1 },
      });
      const fields = (answer.body?.details ?? []).map((detail: { field: string }) => detail.field);
      if (answer.status === 400 && !fields.some((field: string) => field !== ""))
        silent.push(`${method} ${path}`);
    }
    expect(silent).toEqual([]);
  });
});
