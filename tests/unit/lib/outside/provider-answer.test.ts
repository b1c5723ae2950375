import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode, meaningOf } from "#lib/errors.ts";
import {
  categoryOf,
  classifyAnswer,
  classifyFailure,
  providerError,
  retryAfterMs,
} from "#lib/outside/provider-answer.ts";

const now = new Date("2026-11-01T00:00:00Z");

describe("S1-5, S4-48: the meaning of a provider's answer", () => {
  test.each([
    [200, "ok"],
    [204, "ok"],
    [302, "provider_rejected"],
    [400, "provider_rejected"],
    [401, "provider_unauthorized"],
    [403, "provider_unauthorized"],
    [404, "provider_rejected"],
    [408, "provider_timeout"],
    [409, "provider_conflict"],
    [422, "provider_rejected"],
    [429, "provider_rate_limited"],
    [500, "provider_unavailable"],
    [502, "provider_unavailable"],
    [503, "provider_unavailable"],
    [504, "provider_timeout"],
    [599, "provider_unavailable"],
  ])("%i → %s", (status, verdict) => expect(classifyAnswer(status)).toBe(verdict));

  test.each([429, 500, 502, 503, 504])("S1-5: %i is retried", (status) => {
    expect(meaningOf(providerError("x", new Response(null, { status }), now).code).retry).not.toBe("stop");
  });

  test.each([400, 401, 404, 403, 422])("S1-5: %i is not retried", (status) => {
    expect(meaningOf(providerError("x", new Response(null, { status }), now).code).retry).toBe("stop");
  });

  test("a timeout and a broken connection have different codes", () => {
    expect(classifyFailure(new DOMException("late", "TimeoutError"))).toBe("provider_timeout");
    expect(classifyFailure(new TypeError("fetch failed"))).toBe("provider_unavailable");
  });
});

describe("categories of errors", () => {
  test.each<[ErrorCode, string]>([
    ["provider_unavailable", "transient"],
    ["database_unavailable", "transient"],
    ["provider_rate_limited", "rate_limit"],
    ["provider_rejected", "invalid_input"],
    ["payload_too_large", "resource"],
    ["provider_unauthorized", "configuration"],
    ["conflict", "business"],
  ])("%s is %s", (code, category) => expect(categoryOf(new AppError(code, "x"))).toBe(category));
});

describe("retryAfterMs", () => {
  test.each([
    ["3", 3000],
    ["0", 0],
    ["0.5", 500],
    ["Sun, 01 Nov 2026 00:01:00 GMT", 60_000],
    ["Sat, 31 Oct 2026 00:00:00 GMT", 0],
    ["2592000", 3_600_000],
    ["Fri, 01 Jan 2100 00:00:00 GMT", 3_600_000],
    ["-5", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("%j → %j", (header, expected) => expect(retryAfterMs(header, now)).toBe(expected));
});
