import { afterAll, beforeAll, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./parts/ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

const upload = (listId: string, email: string) =>
  ledger.rows(
    "select upsert_email_subscribers($1, 'ada', $2, false, now())",
    listId,
    JSON.stringify([{ email }]),
  );
const suppress = (address: string) =>
  ledger.rows(
    "select private.suppress($1::jsonb, now())",
    JSON.stringify([{ address, scope: "all", reason: "bounced", source: "test" }]),
  );

async function newList(): Promise<string> {
  const [list] = await ledger.rows(
    "insert into email_lists (owner, name, created_at) values ('ada', 'news', now()) returning id",
  );
  return list.id;
}

/** Another address that has the same lock (private.lock_addresses). */
async function addressWithLockOf(email: string): Promise<string> {
  const [other] = await ledger.rows(
    `select email from (select 'other' || no || '@example.com' as email from generate_series(1, 10000) as no) as made
     where hashtextextended(email, 0) & 255 = hashtextextended($1, 0) & 255 limit 1`,
    email,
  );
  return other.email;
}

const waiting = async () =>
  (
    await ledger.rows(`select from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'`)
  ).length;

test.each([
  { way: "an upload", email: "new@example.com", start: upload },
  {
    way: "a suppression of a subscriber",
    email: "old@example.com",
    start: (_: string, email: string) => suppress(email),
  },
])("$way that waits for the deletion of a list does not make other lists wait", async ({ email, start }) => {
  const [deleted, kept] = [await newList(), await newList()];
  await upload(deleted, "old@example.com");
  const other = await addressWithLockOf(email);
  const client = await ledger.db.sql.connect();
  try {
    await client.query("begin");
    await client.query("select delete_email_list($1, 'ada')", [deleted]);
    const first = start(deleted, email);
    await expect.poll(waiting).toBe(1);
    let hasEnded = false;
    const second = Promise.all([upload(kept, other), suppress(other)]).finally(() => {
      hasEnded = true;
    });
    const settled = Promise.all([first, second]);
    await expect.poll(async () => hasEnded || (await waiting()) > 1).toBe(true);
    const hadEnded = hasEnded;
    await client.query("rollback");
    await settled;
    expect(hadEnded).toBe(true);
  } finally {
    client.release();
  }
});
