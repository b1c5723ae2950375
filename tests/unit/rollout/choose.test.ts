import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { choose, type Flag } from "#rollout/choose.ts";

const KEYS = Array.from({ length: 10_000 }, (_, n) => `owner-${n}`);
const flag = (changes: Partial<Flag>): Flag => ({
  name: "async_newsletter",
  isOn: true,
  percentage: 10,
  allowed: [],
  ...changes,
});
const inQueue = (changes: Partial<Flag>) => KEYS.filter((key) => choose(flag(changes), key).way === "queue");

test("the share of keys is the percentage, over many flags", () => {
  const shares = Array.from({ length: 20 }, (_, n) => inQueue({ name: `flag_${n}` }).length);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  // The standard deviation of the mean of 20 flags is 30 / √20, which is 6.7.
  expect(Math.abs(mean - 1000)).toBeLessThan(27);
});

// Chance alone puts one set of 10,000 keys in ten outside these limits: the standard deviation is 30.
test("S4-66: of 10,000 keys 10 % take the new way, and all of them still do at 50 %", () => {
  const first = inQueue({ percentage: 10 });
  expect(first.length).toBeGreaterThanOrEqual(950);
  expect(first.length).toBeLessThanOrEqual(1050);
  const later = new Set(inQueue({ percentage: 50 }));
  expect(later.size).toBeGreaterThan(4_800);
  expect(later.size).toBeLessThan(5_200);
  expect(first.filter((key) => !later.has(key))).toEqual([]);
});

test("S4-66: a key takes the same way in every process", () => {
  const script = `
    import { choose } from "#rollout/choose.ts";
    const flag = { name: "async_newsletter", isOn: true, percentage: 10, allowed: [] };
    const keys = Array.from({ length: 10_000 }, (_, n) => "owner-" + n);
    console.log(JSON.stringify(keys.filter((key) => choose(flag, key).way === "queue")));`;
  const other = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  expect(JSON.parse(other)).toEqual(inQueue({}));
});

test("another flag lets other keys in first", () => {
  const other = new Set(inQueue({ name: "async_reports" }));
  const both = inQueue({}).filter((key) => other.has(key));
  expect(both.length).toBeLessThan(200);
});

test("the switch turns everything back, the allow list goes before the percentage, 0 lets none in and 100 all", () => {
  const key = "owner-1";
  expect(choose(flag({ isOn: false, percentage: 100, allowed: [key] }), key)).toEqual({
    way: "sync",
    reason: "off",
  });
  expect(choose(flag({ percentage: 0, allowed: [key] }), key)).toEqual({ way: "queue", reason: "allowed" });
  expect(inQueue({ percentage: 0 })).toEqual([]);
  expect(inQueue({ percentage: 100 })).toEqual(KEYS);
});
