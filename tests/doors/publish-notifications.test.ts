import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database);
});
afterAll(() => database.close());

const publish = (body: object, headers: Record<string, string> = {}) =>
  site.call("POST", "/api/notifications", { as: "ann", body, headers });
const heardBy = async (as: "ann" | "bob") =>
  (await site.call("GET", "/api/notifications", { as })).body.items;

test("S3-18: what an application publishes to the channel is a row {type, userId} of its reader alone, once per key", async () => {
  const message = { userId: "bob", type: "NEW_MESSAGE", text: "Hello" };
  const key = { "idempotency-key": "message:1" };
  expect(await publish(message, key)).toMatchObject({ status: 201, body: { status: "published" } });
  expect(await publish(message, key)).toMatchObject({ status: 201 });
  expect(await heardBy("bob")).toMatchObject([
    { type: "NEW_MESSAGE", userId: "bob", data: { text: "Hello" } },
  ]);
  expect(await heardBy("ann")).toEqual([]);
});

test.each([
  { userId: "bob", type: "no spaces" },
  { userId: "bob", type: "1st" },
  { userId: "", type: "NEW_MESSAGE" },
  { userId: "bob", type: "NEW_MESSAGE", text: "x".repeat(2001) },
  { userId: "bob", type: "NEW_MESSAGE", readAt: "2026-01-01" },
])("400: %j", async (body) => {
  expect(await publish(body)).toMatchObject({ status: 400, body: { code: "invalid_request" } });
});

test("the longest text fits, of the longest characters too", async () => {
  const text = "\u{1F600}".repeat(1000);
  expect(await publish({ userId: "carl", type: "NEW_MESSAGE", text })).toMatchObject({ status: 201 });
});
