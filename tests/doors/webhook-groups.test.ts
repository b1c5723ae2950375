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
let blocker: pg.Client;
beforeAll(async () => {
  database = await freshDatabase();
  site = await testApp(database, { env: { STRIPE_WEBHOOK_SECRET } });
  const connect = async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    return client;
  };
  [other, blocker] = [await connect(), await connect()];
});
afterAll(async () => {
  await other.end();
  await blocker.end();
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
/** Stores webhooks by one statement, as another process does. */
const storeElsewhere = (client: pg.Client, externalIds: readonly string[]) =>
  client.query("select receive_webhooks($1, now())", [
    JSON.stringify(
      externalIds.map((externalId) => ({
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
      })),
    ),
  ]);
/** Waits until this many statements of this database wait for a lock. */
const untilWaiting = (statements: number) =>
  expect
    .poll(async () => {
      const { rowCount } = await database.sql.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rowCount;
    })
    .toBe(statements);
const storedOnce = async (ids: readonly string[]) => {
  const { rows } = await database.sql.query(
    "select external_id as id from webhook_inbox where external_id = any($1) order by 1",
    [ids],
  );
  return rows.map(({ id }) => id);
};

test("two processes that store the same webhooks in opposite orders do not deadlock", async () => {
  // The open transaction of the blocker holds "m", so the statement of the site waits in the middle.
  await blocker.query("begin");
  await storeElsewhere(blocker, ["m"]);
  // "first" has a statement of its own. The next three share a statement, which stores "a" and then waits for "m".
  const answers = ["first", "z", "m", "a"].map((id) => post(event(id)));
  await untilWaiting(1);
  // Without the order, the site would hold "z" and wait for "a", while the other process holds "a" and waits for "z".
  const elsewhere = storeElsewhere(other, ["a", "z"]);
  await untilWaiting(2);
  await blocker.query("commit");
  const [statuses] = await Promise.all([Promise.all(answers), elsewhere]);
  expect(statuses).toEqual([200, 200, 200, 200]);
  expect(await storedOnce(["first", "a", "m", "z"])).toEqual(["a", "first", "m", "z"]);
});

test("a webhook that the database refuses is answered 500, and those that arrive with it 200", async () => {
  const refused = { object: "v2.core.event", id: "refused", type: "t", created: "0000-01-01T00:00:00Z" };
  const answers = await Promise.all([event("1"), event("2"), refused, event("3"), event("3")].map(post));
  expect(answers).toEqual([200, 200, 500, 200, 200]);
  expect(await storedOnce(["1", "2", "refused", "3"])).toEqual(["1", "2", "3"]);
});
