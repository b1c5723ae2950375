import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { createSecretBox } from "#deliveries/secrets.ts";
import { readEnv } from "#lib/env.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

const [OLD_KEY, NEW_KEY] = ["old", "new"].map(
  (name) => `${name}:${Buffer.alloc(32, name).toString("base64")}`,
);
let db: TestDatabase;
let site: TestApp;
beforeAll(async () => {
  db = await freshDatabase();
  site = await testApp(db, { env: { WEBHOOK_KEYS: OLD_KEY ?? "" } });
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql.query("delete from webhook_messages; delete from webhook_endpoints");
});

const make = async (path = "hook", as: "ann" | "bob" = "ann", more: object = {}) =>
  (
    await site.call("POST", "/api/webhook-endpoints", {
      as,
      body: { url: `https://receiver.test/${path}`, ...more },
    })
  ).body;
const secretsOf = async (id: string) =>
  (await db.sql.query("select secret, old_secret from private.webhook_secrets where endpoint_id = $1", [id]))
    .rows[0];

test("201: the secret is shown once, and is stored encrypted for its endpoint only", async () => {
  const { id, secret, ...view } = await make();
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(view).toMatchObject({ eventTypes: ["*"], policy: "standard", status: "enabled", health: "unknown" });
  const seen = await site.call("GET", `/api/webhook-endpoints/${id}`, { as: "ann" });
  expect(JSON.stringify(seen.body)).not.toContain("whsec_");
  const { secret: stored } = await secretsOf(id);
  expect(stored).toMatch(/^old\./);
  expect(stored).not.toContain(secret.slice(6, 20));
  const box = createSecretBox(site.env.WEBHOOK_KEYS);
  expect(box.open(id, stored)).toBe(secret);
  expect(() => box.open(randomUUID(), stored)).toThrow("authenticate");
  const dump = (await db.sql.query("select to_jsonb(e) as row from webhook_endpoints e")).rows;
  expect(JSON.stringify(dump)).not.toContain(stored);
});

test("after a rotation of encryption keys old secrets can be read, new ones use the new key, and housekeeping re-encrypts the old ones", async () => {
  const { id, secret } = await make();
  const renewed = await testApp(db, { env: { WEBHOOK_KEYS: `${NEW_KEY},${OLD_KEY}` } });
  await renewed.call("POST", `/api/webhook-endpoints/${id}/rotate-secret`, { as: "ann", body: {} });
  const before = await secretsOf(id);
  expect([before.secret.split(".")[0], before.old_secret.split(".")[0]]).toEqual(["new", "old"]);
  await renewed.app.keepHouse();
  const after = await secretsOf(id);
  expect(after.secret).toMatch(/^new\./);
  const box = createSecretBox(readEnv({ ...db.env, WEBHOOK_KEYS: NEW_KEY }).WEBHOOK_KEYS);
  expect(box.open(id, after.old_secret)).toBe(secret);
});

test("when a secret cannot be decrypted, housekeeping still encrypts the others again, and then fails", async () => {
  const [broken, good] = [await make("broken"), await make("good")];
  const renewed = await testApp(db, { env: { WEBHOOK_KEYS: `${NEW_KEY},${OLD_KEY}` } });
  for (const { id } of [broken, good])
    await renewed.call("POST", `/api/webhook-endpoints/${id}/rotate-secret`, { as: "ann", body: {} });
  await db.sql.query("update private.webhook_secrets set secret = 'lost.x' where endpoint_id = $1", [
    broken.id,
  ]);
  const failure: unknown = await renewed.app.keepHouse().catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: "configuration",
    cause: { errors: [expect.objectContaining({ message: expect.stringContaining(broken.id) })] },
  });
  const box = createSecretBox(readEnv({ ...db.env, WEBHOOK_KEYS: NEW_KEY }).WEBHOOK_KEYS);
  for (const { id, secret } of [broken, good])
    expect(box.open(id, (await secretsOf(id)).old_secret)).toBe(secret);

  // The broken secret is not always the first one.
  await db.sql.query("update private.webhook_secrets set secret = 'lost.y' where endpoint_id = $1", [
    good.id,
  ]);
  const seen = new Set<string>();
  const isEachSeen = async () => {
    const { rows } = await db.sql.query("select secrets_to_renew('new', 1, now()) as row");
    return seen.add(rows[0].row.endpointId).size === 2;
  };
  await expect.poll(isEachSeen, { interval: 1 }).toBe(true);
});

test("an old secret that signs no longer is deleted, not encrypted again", async () => {
  const { id } = await make();
  await site.call("POST", `/api/webhook-endpoints/${id}/rotate-secret`, { as: "ann", body: {} });
  await db.sql.query(
    "update private.webhook_secrets set old_secret = 'lost.x', old_secret_until = now() - interval '1 hour'",
  );
  await site.app.keepHouse();
  expect((await secretsOf(id)).old_secret).toBeNull();
});

test("503: without an encryption key no endpoint is created; an invalid key is refused at the start", async () => {
  const bare = await testApp(db, { env: { WEBHOOK_KEYS: "" } });
  const body = { url: "https://receiver.test/hook" };
  expect(await bare.call("POST", "/api/webhook-endpoints", { as: "ann", body })).toMatchObject({
    status: 503,
    body: { code: "not_configured" },
  });
  expect(() => readEnv({ ...db.env, WEBHOOK_KEYS: "a:short" })).toThrow("WEBHOOK_KEYS");
});

test("200: after a rotation both secrets are valid for the overlap; without an overlap only the new one", async () => {
  const { id, secret } = await make();
  const path = `/api/webhook-endpoints/${id}/rotate-secret`;
  const { body: first } = await site.call("POST", path, { as: "ann", body: { overlapHours: 2 } });
  expect(first.secret).not.toBe(secret);
  expect(Date.parse(first.oldSecretUntil)).toBeGreaterThan(Date.now() + 3_600_000);
  expect((await secretsOf(id)).old_secret).not.toBeNull();
  const { body: second } = await site.call("POST", path, { as: "ann", body: { overlapHours: 0 } });
  expect(second.oldSecretUntil).toBeNull();
  expect((await secretsOf(id)).old_secret).toBeNull();
});

test("409: a second rotation during an overlap says until when, and leaves the secrets as they are", async () => {
  const { id } = await make();
  const path = `/api/webhook-endpoints/${id}/rotate-secret`;
  const answers = await Promise.all(
    [1, 2].map(() => site.call("POST", path, { as: "ann", body: { overlapHours: 24 } })),
  );
  const [rotated, refused] = answers.toSorted((one, other) => one.status - other.status);
  expect([rotated?.status, refused?.status]).toEqual([200, 409]);
  const until = rotated?.body.oldSecretUntil.slice(0, 16).replace("T", " ");
  expect(refused?.body.detail).toMatch(`The old secret still signs until ${until} UTC`);
  const box = createSecretBox(site.env.WEBHOOK_KEYS);
  expect(box.open(id, (await secretsOf(id)).secret)).toBe(rotated?.body.secret);
});

test("404: an endpoint of another owner, on every route", async () => {
  const { id } = await make();
  await site.call("POST", `/api/webhook-endpoints/${id}/test`, { as: "ann", body: {} });
  const [{ id: delivery }] = (await db.sql.query("select id from webhook_deliveries")).rows;
  const asked: [string, string, unknown?][] = [
    ["GET", `/api/webhook-endpoints/${id}`],
    ["PATCH", `/api/webhook-endpoints/${id}`, { description: "mine" }],
    ["DELETE", `/api/webhook-endpoints/${id}`],
    ["POST", `/api/webhook-endpoints/${id}/enable`],
    ["POST", `/api/webhook-endpoints/${id}/disable`],
    ["POST", `/api/webhook-endpoints/${id}/rotate-secret`, {}],
    ["POST", `/api/webhook-endpoints/${id}/test`, {}],
    ["GET", `/api/webhook-endpoints/${id}/deliveries`],
    ["GET", `/api/webhook-deliveries/${delivery}`],
    ["POST", `/api/webhook-deliveries/${delivery}/resend`],
  ];
  for (const [method, path, body] of asked) {
    const answer = await site.call(method, path, { as: "bob", ...(body === undefined ? {} : { body }) });
    expect([method, path, answer.status]).toEqual([method, path, 404]);
  }
  expect((await site.call("GET", "/api/webhook-endpoints", { as: "bob" })).body.items).toEqual([]);
  expect((await site.call("GET", "/api/webhook-endpoints", { as: "admin" })).body.items).toHaveLength(1);
  expect(
    (await site.call("GET", `/api/webhook-endpoints/${id}/deliveries`, { as: "ann" })).body.items,
  ).toHaveLength(1);
});

test("409: one endpoint per address, at most 20 per owner", async () => {
  const { id } = await make();
  expect(await make()).toMatchObject({ code: "conflict" });
  expect(await make("hook", "bob")).toMatchObject({ status: "enabled" });
  for (let n = 2; n <= 20; n++) expect(await make(`hook-${n}`)).toMatchObject({ status: "enabled" });
  expect(await make("hook-21")).toMatchObject({
    code: "conflict",
    detail: "An owner has at most 20 endpoints",
  });
  const change = { as: "ann" as const, body: { url: "https://receiver.test/hook-2" } };
  expect((await site.call("PATCH", `/api/webhook-endpoints/${id}`, change)).status).toBe(409);
});

test.each([
  "http://receiver.test/",
  "ftp://receiver.test/",
  "no address",
  `https://receiver.test/${"x".repeat(2000)}`,
])("400: %s is refused as an endpoint's address", async (url) => {
  expect((await site.call("POST", "/api/webhook-endpoints", { as: "ann", body: { url } })).status).toBe(400);
});

test("400: a private IP address is refused at creation and change, unless ALLOW_PRIVATE_HOSTS allows it", async () => {
  const { id } = await make();
  const address = { as: "ann" as const, body: { url: "https://10.0.0.1/hook" } };
  for (const answer of [
    await site.call("POST", "/api/webhook-endpoints", address),
    await site.call("PATCH", `/api/webhook-endpoints/${id}`, address),
  ]) {
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain("not on the public internet, nor in ALLOW_PRIVATE_HOSTS");
  }
  const inside = await testApp(db, {
    env: { WEBHOOK_KEYS: OLD_KEY ?? "", ALLOW_PRIVATE_HOSTS: "10.0.0.0/8" },
  });
  expect((await inside.call("POST", "/api/webhook-endpoints", address)).status).toBe(201);
});

test("a delivery whose address was refused says what to do", async () => {
  const { id } = await make();
  const { body } = await site.call("POST", `/api/webhook-endpoints/${id}/test`, { as: "ann", body: {} });
  expect(body.hint).toBeNull();
  await db.sql.query("update webhook_deliveries set error_code = 'address_refused'");
  const { body: refused } = await site.call("GET", `/api/webhook-deliveries/${body.id}`, { as: "ann" });
  expect(refused).toMatchObject({ lastError: "address_refused" });
  expect(refused.hint).toContain("ALLOW_PRIVATE_HOSTS");
});

test("a change keeps the fields that it does not name; 400: an unknown event type", async () => {
  const { id } = await make();
  const path = `/api/webhook-endpoints/${id}`;
  const change = (body: object) => site.call("PATCH", path, { as: "ann", body });
  expect((await change({ eventTypes: ["job.failed"], perSecond: 2 })).body).toMatchObject({
    url: "https://receiver.test/hook",
    eventTypes: ["job.failed"],
    perSecond: 2,
    policy: "standard",
  });
  expect((await change({ eventTypes: ["no.such"] })).status).toBe(400);
  expect((await site.call("DELETE", path, { as: "ann" })).status).toBe(204);
  expect((await site.call("GET", path, { as: "ann" })).status).toBe(404);
  await site.app.keepHouse();
  expect((await db.sql.query("select from webhook_endpoints")).rows).toEqual([]);
});

test("a signed-in user can read their own endpoints and deliveries in the database, but no secrets", async () => {
  const { id } = await make();
  await site.call("POST", `/api/webhook-endpoints/${id}/test`, { as: "ann", body: {} });
  const read = async (sub: string, sql: string) => {
    const client = await db.sql.connect();
    try {
      await client.query("begin");
      await client.query(
        "select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)",
        [JSON.stringify({ sub })],
      );
      return (await client.query(sql)).rows;
    } finally {
      await client.query("rollback");
      client.release();
    }
  };
  for (const table of ["webhook_endpoints", "webhook_messages", "webhook_deliveries"]) {
    expect([table, (await read("ann", `select from ${table}`)).length]).toEqual([table, 1]);
    expect([table, (await read("bob", `select from ${table}`)).length]).toEqual([table, 0]);
  }
  await expect(read("ann", "select * from private.webhook_secrets")).rejects.toThrow("permission denied");
  await expect(read("ann", "delete from webhook_endpoints")).rejects.toThrow("permission denied");
});

test("200: the catalog has every event type with a JSON Schema and a valid example", async () => {
  const { body } = await site.call("GET", "/api/webhook-endpoints/events", { as: "ann" });
  expect(body.items.length).toBeGreaterThan(6);
  for (const { type, schema, example } of body.items) {
    expect(example).toMatchObject({ event: type, timestamp: expect.any(String) });
    expect([type, z.fromJSONSchema(schema).safeParse(example).success]).toEqual([type, true]);
    expect(z.fromJSONSchema(schema).safeParse({ ...example, data: {} }).success).toBe(false);
  }
});

test("409: a delivery of a disabled endpoint cannot be resent; housekeeping fails its pending deliveries", async () => {
  const { id } = await make();
  const { body: sent } = await site.call("POST", `/api/webhook-endpoints/${id}/test`, {
    as: "ann",
    body: {},
  });
  expect(sent).toMatchObject({ status: "pending", event: "job.completed" });
  await site.call("POST", `/api/webhook-endpoints/${id}/disable`, { as: "ann" });
  await site.app.keepHouse();
  const { body } = await site.call("GET", `/api/webhook-deliveries/${sent.id}`, { as: "ann" });
  expect(body).toMatchObject({ status: "failed", lastError: "endpoint_disabled" });
  const again = await site.call("POST", `/api/webhook-deliveries/${sent.id}/resend`, { as: "ann" });
  expect(again).toMatchObject({ status: 409, body: { code: "conflict" } });
  expect((await site.call("POST", `/api/webhook-endpoints/${id}/test`, { as: "ann", body: {} })).status).toBe(
    409,
  );
});

test("202: a test with a known Idempotency-Key is the same delivery and one attempt; 409: with other data", async () => {
  const { id } = await make();
  const { id: other } = await make("other");
  const send = (endpoint: string, key: string, type: string) =>
    site.call("POST", `/api/webhook-endpoints/${endpoint}/test`, {
      as: "ann",
      headers: { "idempotency-key": key },
      body: { type },
    });
  const first = await send(id, "one", "job.completed");
  await db.sql.query("update webhook_deliveries set status = 'delivered', next_at = null, ended_at = now()");
  const again = await send(id, "one", "job.completed");
  expect(again).toMatchObject({ status: 202, body: { id: first.body.id, status: "delivered" } });
  for (const answer of [await send(id, "one", "job.failed"), await send(other, "one", "job.completed")])
    expect(answer).toMatchObject({ status: 409, body: { code: "idempotency_conflict" } });
  expect((await send(id, "two", "job.completed")).body.id).not.toBe(first.body.id);
});
