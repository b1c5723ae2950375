import { NonRetriableError, RetryAfterError } from "inngest";
import { describe, expect, test } from "vitest";
import { toInngestError } from "#lib/engine/failed-tries.ts";
import { AppError, codeOf, ERROR_CODES, isErrorCode, meaningOf } from "#lib/errors.ts";
import { problemHeaders, toProblem } from "#lib/http/problem.ts";

describe("one vocabulary", () => {
  test.each(ERROR_CODES)("%s has a status, a title and a hint for people", (code) => {
    const { status, title, hint } = meaningOf(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(hint).toMatch(/\.$/);
  });

  test("a code is known only by its own name", () => {
    expect(isErrorCode("not_found")).toBe(true);
    expect(isErrorCode("toString")).toBe(false);
    expect(isErrorCode(undefined)).toBe(false);
  });
});

describe("codeOf finds the code wherever the error has been", () => {
  test.each([
    ["an AppError", new AppError("conflict", "x")],
    ["what crossed the engine: a plain cause", { name: "Error", message: "x", cause: { code: "conflict" } }],
    [
      "a step error around another",
      new Error("x", { cause: new Error("y", { cause: { code: "conflict" } }) }),
    ],
  ])("%s", (_, error) => expect(codeOf(error)).toBe("conflict"));

  test.each([
    ["a foreign code", { code: "ECONNREFUSED" }],
    ["no error at all", null],
    ["a cause that is its own cause", selfCaused()],
  ])("%s has none", (_, error) => expect(codeOf(error)).toBeUndefined());
});

describe("towards HTTP", () => {
  test("an internal error's words and details are for the log alone", () => {
    const error = new AppError("internal", "duplicate key value violates ...", {
      details: { table: "jobs" },
    });
    expect(JSON.stringify(toProblem(error))).not.toMatch(/duplicate|jobs/);
    expect(toProblem(error)).toMatchObject({ status: 500, detail: "Something went wrong on our side" });
  });

  test("an error quotes 4 KB of foreign words, and no half character", () => {
    expect(new AppError("invalid_request", `a${"👍".repeat(5000)}`).message).toHaveLength(4095);
  });

  test("a problem has the fields of RFC 9457, a stable code, a hint and the documents' `error`", () => {
    expect(toProblem(new AppError("queue_full", "Queue full", { retryAfterMs: 1500 }))).toEqual({
      type: "https://nightshift.dev/problems/queue_full",
      title: "Queue full",
      status: 503,
      detail: "Queue full",
      code: "queue_full",
      hint: "Wait for Retry-After seconds and try again.",
      error: "Queue full",
    });
  });

  test("unforeseen errors are not shown to callers", () => {
    expect(JSON.stringify(toProblem(new Error("password is hunter2")))).not.toContain("hunter2");
  });

  test("Retry-After is whole seconds, at least one", () => {
    const after = (retryAfterMs: number) =>
      problemHeaders(new AppError("queue_full", "x", { retryAfterMs }))["retry-after"];
    expect([after(0), after(1), after(1001)]).toEqual(["1", "1", "2"]);
  });
});

describe("towards the engine", () => {
  test("S4-34, S4-48: what no retry helps stops the run, and the code survives as a plain cause", () => {
    const error = toInngestError(new AppError("provider_rejected", "bad address"), 2);
    expect(error).toBeInstanceOf(NonRetriableError);
    expect(error.cause).toEqual({ code: "provider_rejected", attempts: 2 });
  });

  test("S4-34: after 429 without a time the next try waits a minute", () => {
    expect(toInngestError(new AppError("provider_rate_limited", "slow down"), 1)).toMatchObject({
      retryAfter: "60",
    });
  });

  test("a delay that is named is kept", () => {
    const error = toInngestError(new AppError("provider_unavailable", "503", { retryAfterMs: 20_000 }), 1);
    expect(error).toBeInstanceOf(RetryAfterError);
    expect(error).toMatchObject({ retryAfter: "20", cause: { code: "provider_unavailable" } });
  });

  test("a passing trouble without a delay is left to the engine's own pace", () => {
    const error = toInngestError(new AppError("database_unavailable", "gone"), 1);
    expect(error).not.toBeInstanceOf(RetryAfterError);
    expect(error).not.toBeInstanceOf(NonRetriableError);
    expect(error.cause).toEqual({ code: "database_unavailable", attempts: 1 });
  });

  test("the stack still shows where it happened", () => {
    const error = new AppError("internal", "x");
    expect(toInngestError(error, 1).stack).toBe(error.stack);
  });
});

function selfCaused() {
  const error: Record<string, unknown> = {};
  error["cause"] = error;
  return error;
}
