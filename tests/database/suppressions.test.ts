import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freshDatabase, type TestDatabase } from "../support/database.ts";

let db: TestDatabase;
const sql = async (text: string, ...values: unknown[]) => (await db.sql.query(text, values)).rows;
beforeAll(async () => {
  db = await freshDatabase();
});
afterAll(() => db.close());

let subscriber: { id: string; list_id: string };
let email: string;
let count = 0;
beforeEach(async () => {
  email = `p${++count}@example.com`;
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('ada', 'news', now()) returning id",
  );
  await sql(
    "select upsert_email_subscribers($1, 'ada', $2, true, now())",
    list.id,
    JSON.stringify([{ email }]),
  );
  const [row] = await sql("select id, list_id from email_subscribers where list_id = $1", list.id);
  subscriber = row;
});
const statusOf = async () =>
  (await sql("select status from email_subscribers where id = $1", subscriber.id))[0].status;
const suppress = "select private.suppress($1::jsonb, now())";
const row = (reason: string) => JSON.stringify([{ address: email, scope: "all", reason, source: "test" }]);

const isWaiting = `select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`;

/** Runs `first` in a transaction, starts `second` in another one, and commits the first when the second waits for it. */
async function meanwhile(first: [string, unknown[]], second: [string, unknown[]]) {
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query(...first);
    const answer = sql(second[0], ...second[1]);
    await expect.poll(() => sql(isWaiting)).not.toEqual([]);
    await client.query("commit");
    await answer;
  } finally {
    client.release();
  }
}

test("a subscriber who is erased while their address is suppressed stays erased", async () => {
  const erase = "select erase_email_subscriber($1, 'ada', $2, 'ada', now())";
  await meanwhile([erase, [subscriber.list_id, subscriber.id]], [suppress, [row("bounced")]]);
  expect(await statusOf()).toBe("erased");
});

test("a subscriber whose address is suppressed anew while another suppression is lifted stays suppressed", async () => {
  await sql(suppress, row("by_hand"));
  const [{ id }] = await sql("select id from suppressions where address = $1", email);
  await meanwhile(
    [suppress, [row("bounced")]],
    ["select lift_suppression($1, null, 'ada', 'asked', now())", [id]],
  );
  expect(await statusOf()).toBe("bounced");
});

test("changes of one address on two lists wait for each other, and none is refused", async () => {
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('bob', 'shop', now()) returning id",
  );
  await sql(
    "select upsert_email_subscribers($1, 'bob', $2, true, now())",
    list.id,
    JSON.stringify([{ email }]),
  );
  const [second] = await sql("select id from email_subscribers where list_id = $1", list.id);
  const leave = "select set_email_subscriber_status($1, $2, $3, 'unsubscribed', $2, now())";
  const waiting = async (count: number) => expect.poll(async () => (await sql(isWaiting)).length).toBe(count);
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query("select from email_subscribers where id = $1 for update", [subscriber.id]);
    const one = sql(leave, subscriber.list_id, "ada", subscriber.id);
    await waiting(1);
    const other = sql(leave, list.id, "bob", second.id);
    await waiting(2);
    await client.query("commit");
    await Promise.all([one, other]);
  } finally {
    client.release();
  }
  const states = await sql("select distinct status from email_subscribers where lower(email) = $1", email);
  expect(states).toEqual([{ status: "unsubscribed" }]);
});

const status = "select set_email_subscriber_status($1, 'ada', $2, 'unsubscribed', 'ada', now())";
const click = (action: string) => `select change_preferences($1, $2, '${action}', now())`;
const report = (
  outcome: string,
) => `select private.apply_report_to_address(jsonb_build_object('outcome', '${outcome}',
  'address', email, 'reason', 'bounced', 'at', now()), now()) from email_subscribers where list_id = $1 and id = $2`;

const suppressions = "select from suppressions where address = $1 for update";

/** Starts the statements one after the other while the rows of the address in `held` are locked, then lets them end. */
async function crossing(held: string, ...statements: (() => Promise<unknown>)[]) {
  const client = await db.sql.connect();
  try {
    await client.query("begin");
    await client.query(held, [email]);
    const answers: Promise<unknown>[] = [];
    for (const start of statements) {
      answers.push(start());
      await expect.poll(async () => (await sql(isWaiting)).length).toBe(answers.length);
    }
    await client.query("commit");
    await Promise.all(answers);
  } finally {
    client.release();
  }
}

test.each([
  { first: click("unsubscribe"), second: status, stored: status, ends: "unsubscribed" },
  { first: click("subscribe"), second: status, stored: status, ends: "unsubscribed" },
  { first: report("removed"), second: report("bounced"), stored: report("bounced"), ends: "bounced" },
])("statements that lock one suppression and its subscriber do not deadlock: $first", async (one) => {
  const parameters = [subscriber.list_id, subscriber.id];
  await sql(one.stored, ...parameters);
  await crossing(
    suppressions,
    () => sql(one.first, ...parameters),
    () => sql(one.second, ...parameters),
  );
  expect(await statusOf()).toBe(one.ends);
});

test("a subscriber who is added while the address is suppressed causes no deadlock", async () => {
  email = `new-${email}`;
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('ada', 'shop', now()) returning id",
  );
  const leave = JSON.stringify([
    { address: email, scope: "list", listId: list.id, reason: "unsubscribed", source: "test" },
  ]);
  await sql(suppress, leave);
  await sql("update suppressions set lifted_at = now() where address = $1", email);
  const add = "select upsert_email_subscribers($1, 'ada', $2, true, now())";
  await crossing(
    suppressions,
    () => sql(suppress, leave),
    async () => {
      await sql(add, list.id, JSON.stringify([{ email }]));
      const [added] = await sql("select id from email_subscribers where list_id = $1", list.id);
      await sql(status, list.id, added.id);
    },
  );
  expect(await sql("select status from email_subscribers where list_id = $1", list.id)).toEqual([
    { status: "unsubscribed" },
  ]);
});

test("a click on an unsubscribe link does not store the address of a subscriber who is erased meanwhile", async () => {
  const parameters = [subscriber.list_id, subscriber.id];
  await meanwhile(
    ["select erase_email_subscriber($1, 'ada', $2, 'ada', now())", parameters],
    [click("unsubscribe"), parameters],
  );
  expect(
    await sql("select address, reason from suppressions where list_id = $1", subscriber.list_id),
  ).toEqual([{ address: null, reason: "deleted" }]);
});

test("a list that is deleted while a subscriber of it unsubscribes causes no deadlock", async () => {
  const [list] = await sql(
    "insert into email_lists (owner, name, created_at) values ('ada', 'shop', now()) returning id",
  );
  const add = "select upsert_email_subscribers($1, 'ada', $2, true, now())";
  await sql(add, list.id, JSON.stringify([{ email }]));
  // The click has locked the older subscriber, and waits for the newer one.
  await crossing(
    "select from email_subscribers where id = (select max(id) from email_subscribers where email = $1) for update",
    () => sql(click("unsubscribe"), subscriber.list_id, subscriber.id),
    () => sql("select delete_email_list($1, 'ada')", subscriber.list_id),
  );
  expect(await sql("select from suppressions where list_id = $1", subscriber.list_id)).toEqual([]);
});
