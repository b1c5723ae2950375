import { describe, expect, test } from "vitest";
import { categoryOf } from "#lib/outside/provider-answer.ts";
import { readBatchAnswer } from "#mail/resend-mailer.ts";

const now = new Date("2026-11-22T00:00:00Z");
const read = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  readBatchAnswer({ status, headers: new Headers(headers) }, body, 3, now);

describe("an answer of Resend", () => {
  test("has ids in the order of the mails, leaving out the refused ones", () => {
    expect(
      read(200, { data: [{ id: "a" }, { id: "c" }], errors: [{ index: 1, message: "bad address" }] }),
    ).toEqual({
      kind: "taken",
      results: [{ messageId: "a" }, { code: "invalid_recipient", words: "bad address" }, { messageId: "c" }],
    });
  });

  test.each([
    ["too few ids", { data: [{ id: "a" }] }],
    [
      "an error outside the batch",
      { data: [{ id: "a" }, { id: "b" }], errors: [{ index: 3, message: "?" }] },
    ],
    ["no JSON", undefined],
  ])("of 200 with %s leaves the outcome unknown", (_, body) => {
    expect(read(200, body)).toMatchObject({ kind: "unknown", error: { code: "provider_unavailable" } });
  });

  test.each([
    [400, "refused", "provider_rejected"],
    [401, "refused", "provider_unauthorized"],
    [403, "refused", "provider_unauthorized"],
    [404, "refused", "provider_rejected"],
    [413, "refused", "invalid_recipient"],
    [422, "refused", "invalid_recipient"],
    [429, "refused", "provider_rate_limited"],
    [409, "unknown", "provider_conflict"],
    [408, "unknown", "provider_timeout"],
    [500, "unknown", "provider_unavailable"],
    [502, "unknown", "provider_unavailable"],
    [503, "unknown", "provider_unavailable"],
    [504, "unknown", "provider_timeout"],
  ])("with status %i is %s: %s", (status, kind, code) => {
    expect(read(status, { name: "x", message: "y" })).toMatchObject({ kind, error: { code } });
  });

  test("of 409 for a concurrent request leaves the outcome unknown, and is retried soon", () => {
    expect(read(409, { name: "concurrent_idempotent_requests", message: "" })).toMatchObject({
      kind: "unknown",
      error: { retryAfterMs: 2000 },
    });
  });

  test.each(["daily_quota_exceeded", "monthly_quota_exceeded"])(
    "of 429 %s is a configuration error and not retried",
    (name) => {
      const answer = read(429, { name, message: "y" }, { "retry-after": "1" });
      expect(answer).toMatchObject({ kind: "refused", error: { code: "configuration" } });
      expect(answer.kind === "refused" && categoryOf(answer.error)).toBe("configuration");
      expect(answer.kind === "refused" && answer.error.retryAfterMs).toBeUndefined();
    },
  );

  test("of 429 is retried after Retry-After, or after a second without it", () => {
    expect(read(429, {}, { "retry-after": "7" })).toMatchObject({ error: { retryAfterMs: 7000 } });
    expect(read(429, {})).toMatchObject({ error: { retryAfterMs: 2000 } });
  });
});
