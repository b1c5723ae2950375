import { expect, test } from "vitest";
import { allowedPriority, limitsFor } from "#jobs/limits.ts";

test("S3-11, S3-12: 100 a second and 10,000 waiting, unless a room wishes otherwise", () => {
  expect(limitsFor("anything")).toEqual({ perSecond: 100, waiting: 10_000, byPromise: true, priority: 3 });
  expect(limitsFor("anything", { priority: 1, delayMs: 5000, held: true })).toMatchObject({
    priority: 1,
    delayMs: 5000,
    held: true,
  });
});

test.each([
  ["a key of the site", { id: "key:abc", role: "app" }, 1],
  ["an administrator", { id: "user:abc", role: "admin" }, 1],
  ["a person, not above normal", { id: "user:abc", role: "app" }, 3],
] as const)("who may choose: %s", (_, requester, highest) => {
  for (const priority of [1, 2, 3, 4, 5] as const) {
    if (priority >= highest) expect(allowedPriority(requester, priority)).toBe(priority);
    else
      expect(() => allowedPriority(requester, priority)).toThrow(
        expect.objectContaining({ code: "forbidden" }),
      );
  }
  expect(allowedPriority(requester)).toBe(3);
});
