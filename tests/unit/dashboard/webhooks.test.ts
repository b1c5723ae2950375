import { expect, it } from "vitest";
import type { Endpoint } from "#dashboard/types.ts";
import { noteOf } from "#dashboard/views/webhooks/words.ts";

it("a paused endpoint says when it gets its next attempt, and how many have failed, if any", () => {
  const paused = { status: "enabled", pausedUntil: "2026-11-01T09:05:00Z" } as Endpoint;
  expect(noteOf({ ...paused, failedAttempts: 0 })).toMatch(/^The next attempt is made at /);
  expect(noteOf({ ...paused, failedAttempts: 5 })).toMatch(
    /^5 attempts have failed in a row\. The next attempt is made at /,
  );
});
