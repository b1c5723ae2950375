import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import { createTokens, type Tokens } from "#lib/database/tokens.ts";
import { createUrgentPace } from "#mail/urgent-pace.ts";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";

let db: TestDatabase;
let tokens: Tokens;
let now = new Date("2026-11-01T12:00:00Z");
const clock = { now: () => now };
beforeAll(async () => {
  db = await freshDatabase();
  tokens = createTokens(createDatabase(db.env, db.fetch), clock);
});
afterAll(() => db.close());
beforeEach(() => db.sql.query("truncate private.token_buckets"));

const PER_SECOND = 5;
/** A request of a campaign, which waits for its turn for at most five seconds. */
const campaignRequest = () =>
  tokens.take([{ key: "mail:test", capacity: 1, refillPerSecond: PER_SECOND, take: 1, patienceMs: 5_000 }]);
const urgentPace = () => createUrgentPace({ tokens, clock, account: "test", perSecond: PER_SECOND });

test("S2-8: an urgent mail begins at once while a campaign has taken the next five seconds", async () => {
  let last = await campaignRequest();
  while (last.granted) last = await campaignRequest();
  expect(last.waitMs).toBeGreaterThan(5_000);
  const before = now.getTime();
  expect(await urgentPace().reach()).toBe(0);
  expect(now.getTime()).toBe(before);
  // The campaign pays for it: the account's rate stays the same.
  expect((await campaignRequest()).waitMs).toBe(last.waitMs + 1000 / PER_SECOND);
});

test("an urgent mail waits while the provider asks for a pause", async () => {
  await tokens.pause("mail:test", 7_000);
  expect(await urgentPace().reach()).toBe(7_000);
  now = new Date(now.getTime() + 7_000);
  expect(await urgentPace().reach()).toBe(0);
});
