import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let house: TestApp;
beforeAll(async () => {
  database = await freshDatabase();
  house = await testApp(database);
});
afterAll(() => database.close());

const send = (name: string, data: unknown, as: "admin" | "ann" = "admin") =>
  house.call("POST", "/api/events", { as, body: { name, data } });

test("the events that start a function are listed with their schema; others are not", async () => {
  const { items } = (await house.call("GET", "/api/events", { as: "admin" })).body;
  const events = new Map(items.map((one: { name: string }) => [one.name, one]));
  expect(events.get("user/signup")).toMatchObject({
    functions: ["on-user-signup", "set-default-settings"],
    schema: { type: "object", required: ["userId"], properties: { userId: { format: "uuid" } } },
  });
  expect(events.has("job/cancel.requested")).toBe(false);
});

test("an event sent by hand is a job that the outbox holds, and its sender is in the audit log", async () => {
  const campaignId = randomUUID();
  const { status, body } = await send("email/send.campaign", { campaignId });
  expect(status).toBe(202);
  expect(body).toMatchObject({ functions: ["send-email-campaign"], message: "Sent to send-email-campaign" });
  const job = (await house.call("GET", body.statusUrl, { as: "admin" })).body;
  expect(job).toMatchObject({
    event: "email/send.campaign",
    status: "queued",
    requester: expect.stringMatching(/^key:/),
  });
  const { rows } = await database.sql.query("select event_id, event_data from jobs where id = $1", [
    body.jobId,
  ]);
  expect(rows).toEqual([{ event_id: body.jobId, event_data: expect.objectContaining({ campaignId }) }]);
  const [newest] = (await house.call("GET", "/api/audit-logs", { as: "admin" })).body.items;
  expect(newest.action).toBe("POST /api/events");
});

test("400: the answer names a missing event, and an unknown one, in the words of other fields", async () => {
  const ask = async (body: object) =>
    (await house.call("POST", "/api/events", { as: "admin", body })).body.detail;
  expect(await ask({})).toBe('The body field "name" is missing');
  expect(await ask({ name: "no/event", data: {} })).toMatch(
    /^The body field "name" must be .+ or user\/signup/,
  );
});

test("data that does not fit the event's schema, and an event that starts nothing, are refused", async () => {
  for (const [name, data] of [
    ["email/send.campaign", { campaignId: "the autumn letter" }],
    ["email/send.campaign", {}],
    ["job/cancel.requested", { jobId: randomUUID(), eventId: "event", functionId: "walk" }],
    ["no/event", {}],
  ] as const)
    expect((await send(name, data)).status).toBe(400);
  expect((await send("email/send.campaign", { campaignId: randomUUID() }, "ann")).status).toBe(403);
});
