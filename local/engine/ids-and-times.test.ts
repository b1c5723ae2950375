import { expect, test } from "vitest";
import { realClock, virtualClock } from "./clock.ts";
import { parseDuration, parseMoment } from "./duration.ts";
import { retryDelayMs } from "./limits.ts";
import { bearerOf, canonical, sign } from "./signature.ts";
import { isUlid, seededUlid, ulid } from "./ulid.ts";

test("a seeded id is made as on the server, from time, entropy and the index in the request", () => {
  // The real server gave this id to a request with this seed and one event.
  expect(seededUlid("1795307999600,yhv5/rqtsOdojg==", 1)).toBe("01M80B44BGS8DZKZNTNPREET4F");
  expect(seededUlid("nonsense", 1)).toBeUndefined();
});

test("ids sort by time", () => {
  const [early, late] = [ulid(1_000, () => 0.9), ulid(1_001, () => 0.1)];
  expect(early < late && isUlid(early)).toBe(true);
  expect(isUlid("my-own-id")).toBe(false);
});

test("time strings and dates", () => {
  expect(parseDuration("1d2h30m15s250ms")).toBe(95_415_250);
  expect(parseDuration("soon")).toBeUndefined();
  expect(parseDuration("")).toBeUndefined();
  expect(parseMoment("2026-01-01T00:00:00Z", 0)).toBe(Date.UTC(2026, 0, 1));
  expect(parseMoment("1999-01-01", 5)).toBeGreaterThanOrEqual(5);
});

test("retries wait by the server's table, plus up to half a minute", () => {
  expect([0, 1, 2, 9, 30].map((attempt) => retryDelayMs(attempt, () => 0))).toEqual([
    15_000, 30_000, 60_000, 7_200_000, 7_200_000,
  ]);
  expect(retryDelayMs(0, () => 0.999)).toBeLessThanOrEqual(45_000);
});

test("a signature does not depend on the order of keys in the body", () => {
  expect(canonical(JSON.parse('{"b":[1,{"d":2,"c":null}],"a":"x"}'))).toBe(
    '{"a":"x","b":[1,{"c":null,"d":2}]}',
  );
  expect(sign("signkey-test-00ff", '{"b":1,"a":2}', 5_000)).toBe(
    sign("signkey-test-00ff", '{"a":2,"b":1}', 5_999),
  );
  expect(bearerOf("signkey-test-00ff")).toMatch(/^signkey-test-[0-9a-f]{64}$/);
});

test("a virtual clock fires each timer once, in order, and no canceled one", () => {
  const clock = virtualClock(0);
  const rang: string[] = [];
  clock.at(20, () => rang.push("b"));
  clock.at(10, () => rang.push("a"));
  clock.at(15, () => rang.push("never")).cancel();
  expect(clock.next()).toBe(10);
  clock.turn(30);
  clock.turn(40);
  expect(rang).toEqual(["a", "b"]);
});

test("canceled timers are removed from memory", () => {
  const clock = virtualClock(0);
  const timers = Array.from({ length: 10_000 }, (_, n) => clock.at(1_000_000 + n, () => {}));
  for (const timer of timers) timer.cancel();
  expect(clock.next()).toBeUndefined();
});

test("a scaled clock runs faster from its start", () => {
  const origin = Date.now() - 1_000;
  const clock = realClock({ scale: 60, origin });
  expect(clock.now() - origin).toBeGreaterThanOrEqual(60_000);
  clock.stop();
});
