import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestApp, testApp } from "../support/app.ts";
import { freshDatabase, type TestDatabase } from "../support/database.ts";
import { stripeHeaders } from "../support/sign.ts";

const STRIPE_WEBHOOK_SECRET = "whsec_stripe_new";
let database: TestDatabase;
let site: TestApp;
let other: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { env: { STRIPE_WEBHOOK_SECRET } });
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});
afterAll(async () => {
  await other.end();
  await database.close();
});

const event = (id: string) => ({
  id,
  object: "event",
  type: "payment_intent.succeeded",
  created: 1_793_527_200,
  data: { object: { id: `pi_${id}` } },
});
async function post(sent: object): Promise<number> {
  const body = JSON.stringify(sent);
  const headers = stripeHeaders(body, STRIPE_WEBHOOK_SECRET);
  return (await site.call("POST", "/api/webhooks/stripe", { body, headers })).status;
}
/** Stores a webhook in the open transaction of another process. */
const storeElsewhere = (externalId: string) =>
  other.query("select receive_webhooks($1, now())", [
    JSON.stringify([
      {
        request: null,
        webhook: {
          id: randomUUID(),
          source: "stripe",
          externalId,
          type: "t",
          objectKey: "o",
          headers: {},
          body: "{}",
        },
      },
    ]),
  ]);
const storedOnce = async (ids: readonly string[]) => {
  const { rows } = await database.sql.query(
    "select external_id as id from webhook_inbox where external_id = any($1) order by 1",
    [ids],
  );
  return rows.map(({ id }) => id);
};

test("two processes that store the same webhooks in opposite orders lose none and store none twice", async () => {
  await other.query("begin");
  await storeElsewhere("b");
  // The first is under way alone; the next three share a statement, which stores "a" and waits for "b".
  const answers = ["first", "a", "b", "c"].map((id) => post(event(id)));
  await expect
    .poll(async () => (await database.sql.query("select from pg_locks where not granted")).rowCount)
    .toBe(1);
  // Postgres ends one of the two.
  await storeElsewhere("a").catch(() => {});
  await other.query("commit");
  // The provider sends what got no 200 again.
  for (const status of await Promise.all(answers)) expect([200, 503]).toContain(status);
  expect(await Promise.all(["first", "a", "b", "c"].map((id) => post(event(id))))).toEqual([
    200, 200, 200, 200,
  ]);
  expect(await storedOnce(["first", "a", "b", "c"])).toEqual(["a", "b", "c", "first"]);
});

test("a webhook that the database refuses is answered 500, and those that arrive with it 200", async () => {
  const refused = { object: "v2.core.event", id: "refused", type: "t", created: "0000-01-01T00:00:00Z" };
  const answers = await Promise.all([event("1"), event("2"), refused, event("3"), event("3")].map(post));
  expect(answers).toEqual([200, 200, 500, 200, 200]);
  expect(await storedOnce(["1", "2", "refused", "3"])).toEqual(["1", "2", "3"]);
});
