import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createDatabase } from "#lib/database/client.ts";
import {
  createTokens,
  DOCUMENTED_BUCKET,
  rateLimited,
  type Tokens,
  type Want,
} from "#lib/database/tokens.ts";
import { createFlowControl } from "#lib/engine/flow-control.ts";
import { codeOf } from "#lib/errors.ts";
import { freshDatabase, type TestDatabase } from "../../support/database.ts";

let db: TestDatabase;
let tokens: Tokens;
let now = new Date("2026-11-01T12:00:00Z");

beforeAll(async () => {
  db = await freshDatabase();
  tokens = createTokens(createDatabase(db.env, db.fetch), { now: () => now });
});
afterAll(() => db.close());
beforeEach(() => db.sql.query("truncate private.token_buckets"));

const later = (ms: number) => {
  now = new Date(now.getTime() + ms);
};
const bucket = (more: Partial<Want> = {}): Want => ({ key: "a", ...DOCUMENTED_BUCKET, ...more });
const granted = { granted: true, waitMs: 0 };

describe("taking tokens", () => {
  test("S4-56: a bucket grants 100 tokens at once, then 10 a second, and says how long to wait", async () => {
    expect(await tokens.take([bucket({ take: 100 })])).toMatchObject(granted);
    expect(await tokens.take([bucket()])).toMatchObject({ granted: false, waitMs: 100 });
    later(100);
    expect(await tokens.take([bucket()])).toMatchObject(granted);
    expect(await tokens.take([bucket({ take: 25 })])).toMatchObject({ granted: false, waitMs: 2500 });
    later(60_000);
    // A call cannot take more than the capacity.
    expect(await tokens.take([bucket({ take: 100 })])).toMatchObject(granted);
    expect((await tokens.take([bucket()])).granted).toBe(false);
  });

  test("takes from all of the buckets or from none", async () => {
    await tokens.take([bucket({ key: "b", capacity: 5, refillPerSecond: 1, take: 4 })]);
    const both = [bucket({ take: 60 }), bucket({ key: "b", capacity: 5, refillPerSecond: 1, take: 3 })];
    expect(await tokens.take(both)).toMatchObject({ granted: false, waitMs: 2000 });
    expect(await tokens.take([bucket({ take: 100 })])).toMatchObject(granted);
  });

  test("a process whose clock is behind gets no refill", async () => {
    await tokens.take([bucket({ take: 100 })]);
    later(-60_000);
    expect((await tokens.take([bucket()])).granted).toBe(false);
    later(60_100);
    expect(await tokens.take([bucket()])).toMatchObject(granted);
    expect((await tokens.take([bucket()])).granted).toBe(false);
  });

  test.each([{ take: 101 }, { refillPerSecond: 0 }, { capacity: 0 }, { take: -1 }])(
    "a request that could never be granted is a configuration error: %j",
    async (wrong) => {
      await expect(tokens.take([bucket(wrong)])).rejects.toMatchObject({ code: "configuration" });
    },
  );

  test("T10: a refused call becomes a rate-limit error with the time of its retry, so that it occupies no concurrency while it waits", async () => {
    await tokens.take([bucket({ take: 100 })]);
    const error = rateLimited("a", await tokens.take([bucket({ take: 5 })]));
    expect(codeOf(error)).toBe("provider_rate_limited");
    expect(error.retryAfterMs).toBe(500);
  });
});

describe("learning from response headers", () => {
  const seconds = (ms: number) => Math.round((now.getTime() + ms) / 1000);
  const learn = (headers: Record<string, string>) => tokens.learn("a", new Headers(headers));

  test.each([
    ["seconds from now", () => "30"],
    ["a date in seconds", () => String(seconds(30_000))],
    ["a date in milliseconds", () => String(seconds(30_000) * 1000)],
  ])("S4-54: no call is made before x-ratelimit-reset, given as %s", async (_, reset) => {
    await learn({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset() });
    const { granted, waitMs } = await tokens.take([bucket()]);
    expect(granted).toBe(false);
    expect(waitMs).toBeGreaterThan(29_000);
    later(30_500);
    expect((await tokens.take([bucket()])).granted).toBe(true);
  });

  test("Retry-After, in seconds or as a date, pauses all callers, and a shorter pause does not end a longer one", async () => {
    await learn({ "retry-after": "60" });
    expect(await tokens.take([bucket()])).toMatchObject({ granted: false, waitMs: 60_000 });
    // A shorter pause does not shorten a longer one.
    await learn({ "retry-after": new Date(now.getTime() + 10_000).toUTCString() });
    expect((await tokens.take([bucket()])).waitMs).toBe(60_000);
    later(60_000);
    expect(await tokens.take([bucket()])).toMatchObject(granted);
  });

  test.each<Record<string, string>>([
    { "retry-after": "2592000" },
    { "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" },
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "2592000" },
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1e300" },
  ])("%j pauses all callers for an hour at most", async (headers) => {
    await learn(headers);
    expect((await tokens.take([bucket()])).granted).toBe(false);
    later(3_600_000);
    expect(await tokens.take([bucket()])).toMatchObject(granted);
  });

  test("the bucket holds no more tokens than the provider says remain", async () => {
    await learn({ "x-ratelimit-remaining": "3" });
    expect(await tokens.take([bucket({ take: 3 })])).toMatchObject(granted);
    expect((await tokens.take([bucket()])).granted).toBe(false);
  });

  test("a remaining count above the bucket's capacity, or one that is no number, changes nothing", async () => {
    await learn({ "x-ratelimit-remaining": "5000", "x-ratelimit-reset": "60" });
    await learn({ "x-ratelimit-remaining": "many" });
    expect(await tokens.take([bucket({ take: 100 })])).toMatchObject(granted);
  });
});

test("T11: concurrency can be limited per provider, independently of a rate limit", () => {
  expect(createFlowControl("pro").concurrency(10, "event.data.apiProvider")).toEqual({
    limit: 10,
    key: "event.data.apiProvider",
  });
});
