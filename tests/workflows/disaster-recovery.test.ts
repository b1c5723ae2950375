/** docs/disaster-recovery.md, tried: a backup is restored into a fresh database with a fresh engine. */
import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { mailFunctions } from "#mail/functions.ts";
import { dump, restore } from "../support/dump.ts";
import { type Workshop, workshop } from "../support/workshop.ts";

const open: Workshop[] = [];
afterEach(async () => {
  for (const shop of open.splice(0).toReversed()) await shop.close();
});

const shopWith = async (options: Partial<Parameters<typeof workshop>[0]> = {}) => {
  const shop = await workshop({ functions: mailFunctions, ...options });
  open.push(shop);
  return shop;
};
const accept = (shop: Workshop, from: number, to: number) =>
  shop.rows(
    `select private.send_mail(jsonb_build_object('key', 'receipt:' || n, 'template', 'payment-receipt',
       'to', 'person' || n || '@example.com', 'owner', 'alice',
       'fields', '{"order": "1", "amountCents": 100, "currency": "usd"}'::jsonb), $1)
     from generate_series($2::integer, $3::integer) as n`,
    [shop.engine.clock.now(), from, to],
  );
async function work(shop: Workshop) {
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.waitFor(
    async () => (await shop.rows("select from jobs where kind = 'mail' and ended_at is null")).length === 0,
  );
}
const messages = z.object({ messages: z.array(z.object({ to: z.array(z.string()) })) });
/** The addresses that were mailed, each as often as it was. */
async function mailed(shop: Workshop) {
  const answer = await shop.mail.fetch(new Request("http://mail.local/_control/messages?limit=5000"));
  return messages
    .parse(await answer.json())
    .messages.flatMap(({ to }) => to)
    .toSorted();
}
const people = (to: number) => Array.from({ length: to }, (_, n) => `person${n + 1}@example.com`).toSorted();

test("after a restore the work that was left is done, and nothing is mailed twice", async () => {
  const before = await shopWith();
  await accept(before, 1, 20);
  await work(before);
  // Of these the backup knows that they were accepted; that they were mailed happens after it.
  await accept(before, 21, 40);
  const backup = await dump(before.database);
  await work(before);
  expect(await mailed(before)).toEqual(people(40));

  // The disaster: database and engine are gone. The mail provider is not ours, and remembers.
  const after = await shopWith({ mail: before.mail });
  await restore(after.database, backup);
  expect(await dump(after.database)).toEqual(backup);
  await after.engine.advance("1h");
  expect(await after.rows("select count(*)::integer as n from mails where message_id is not null")).toEqual([
    { n: 20 },
  ]);
  await work(after);
  expect(await mailed(after)).toEqual(people(40));
  expect(await after.rows("select count(*)::integer as n from mails where message_id is not null")).toEqual([
    { n: 40 },
  ]);
  // New work is done as before.
  await accept(after, 41, 42);
  await work(after);
  expect(await mailed(after)).toEqual(people(42));
});

test("work that the old engine had taken, but not begun, is sent to the new engine", async () => {
  const before = await shopWith();
  await accept(before, 1, 3);
  await before.rows("update jobs set sent_at = $1 where kind = 'mail'", [before.engine.clock.now()]);
  const backup = await dump(before.database);
  const after = await shopWith({ mail: before.mail });
  await restore(after.database, backup);
  await after.engine.advance("1h");
  const [, statement = ""] = /`(update [^`]*)`/.exec(readFileSync("docs/disaster-recovery.md", "utf8")) ?? [];
  await after.rows(statement);
  await work(after);
  expect(await mailed(after)).toEqual(people(3));
});
