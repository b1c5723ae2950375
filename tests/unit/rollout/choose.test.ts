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

/**
 * Of 10,000 keys 1,000 are expected at 10 %, with a standard deviation of √(10,000 · 0.1 · 0.9) = 30. Four of them, 120,
 * are passed by chance in one set of keys of 16,000; the mean of 20 sets has a deviation of 30 / √20, which is 6.7.
 */
test("S4-66: of any 10,000 keys 10 % take the new way, within four standard deviations", () => {
  const shares = Array.from({ length: 20 }, (_, set) => {
    const keys = Array.from(
      { length: 10_000 },
      (_, n) => `${["owner", "user", "", "ö"][set % 4]}-${set}-${n}`,
    );
    return keys.filter((key) => choose(flag({ name: `flag_${set}` }), key).way === "queue").length;
  });
  expect(shares.filter((share) => Math.abs(share - 1000) > 120)).toEqual([]);
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  expect(Math.abs(mean - 1000)).toBeLessThan(27);
});

test("S4-66: the keys that take the new way at 10 % still do at 50 %", () => {
  const later = new Set(inQueue({ percentage: 50 }));
  expect(Math.abs(later.size - 5000)).toBeLessThan(200);
  expect(inQueue({ percentage: 10 }).filter((key) => !later.has(key))).toEqual([]);
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
