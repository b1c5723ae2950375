import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import { createTokens, type Tokens } from "#lib/database/tokens.ts";
import { createPace } from "#mail/pace.ts";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";
import { discreteTime } from "../../support/discrete-time.ts";

const PER_SECOND = 5;
const INTERVAL_MS = 1000 / PER_SECOND;

let db: TestDatabase;
let tokens: Tokens;
let now = Date.parse("2026-11-01T12:00:00Z");
const time = discreteTime({
  now: () => new Date(now),
  sleep: async (ms) => {
    now += ms;
  },
});
beforeAll(async () => {
  db = await freshDatabase();
  const counted: typeof fetch = (input, init) => time.during(() => db.fetch(input, init));
  tokens = createTokens(createDatabase(db.env, counted), time.clock);
});
afterAll(() => db.close());
beforeEach(() => db.sql.query("truncate private.token_buckets"));

const paceOf = (isUrgent: boolean) =>
  createPace({ tokens, clock: time.clock, account: "test", perSecond: PER_SECOND, isUrgent });

test("S2-8: an urgent mail begins before the campaigns of three processes, and together they keep the rate", async () => {
  const begun: { at: number; what: string }[] = [];
  const startedAt = now;
  const request = (pace: ReturnType<typeof paceOf>, what: string) =>
    pace.reach().then((pause) => !pause && begun.push({ at: now - startedAt, what }));
  const campaigns = [0, 1, 2].flatMap(() => {
    const pace = paceOf(false);
    return Array.from({ length: 6 }, () => request(pace, "campaign"));
  });
  await time.pass(1_000);
  const askedAt = now - startedAt;
  const urgent = request(paceOf(true), "urgent");
  await time.pass(10_000);
  await Promise.all([...campaigns, urgent]);
  const at = begun.find(({ what }) => what === "urgent")?.at ?? Infinity;
  expect(at - askedAt).toBeLessThanOrEqual(3 * INTERVAL_MS);
  expect(begun.filter(({ what }) => what === "campaign").length).toBeGreaterThan(15);
  for (const [index, { at: later }] of begun.entries()) {
    if (index > 0) expect(later - (begun[index - 1]?.at ?? 0)).toBeGreaterThanOrEqual(INTERVAL_MS - 5);
  }
});

test("an urgent mail waits while the provider asks for a pause", async () => {
  await tokens.pause("mail:test", 7_000);
  expect(await paceOf(true).reach()).toMatchObject({ retryAfterMs: 7_000 });
  now += 7_000;
  expect(await paceOf(true).reach()).toBeUndefined();
});
