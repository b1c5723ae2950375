import { NonRetriableError, RetryAfterError } from "inngest";
import { describe, expect, test } from "vitest";
import { toInngestError } from "#lib/engine/failed-tries.ts";
import { AppError, codeOf, ERROR_CODES, isErrorCode, meaningOf } from "#lib/errors.ts";
import { problemHeaders, toProblem } from "#lib/http/problem.ts";

describe("error codes", () => {
  test.each(ERROR_CODES)("%s has a status, a title and a hint for people", (code) => {
    const { status, title, hint } = meaningOf(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(hint).toMatch(/\.$/);
  });

  test("only listed names are error codes", () => {
    expect(isErrorCode("not_found")).toBe(true);
    expect(isErrorCode("toString")).toBe(false);
    expect(isErrorCode(undefined)).toBe(false);
  });
});

describe("codeOf", () => {
  test.each([
    ["an AppError", new AppError("conflict", "x")],
    ["an error that passed through the engine", { name: "Error", message: "x", cause: { code: "conflict" } }],
    [
      "a step error around another",
      new Error("x", { cause: new Error("y", { cause: { code: "conflict" } }) }),
    ],
  ])("finds the code of %s", (_, error) => expect(codeOf(error)).toBe("conflict"));

  test.each([
    ["an error with an unlisted code", { code: "ECONNREFUSED" }],
    ["no error at all", null],
    ["a cause that is its own cause", selfCaused()],
  ])("finds no code in %s", (_, error) => expect(codeOf(error)).toBeUndefined());
});

describe("problems for HTTP", () => {
  test("an internal error's message and details are not sent to callers", () => {
    const error = new AppError("internal", "duplicate key value violates ...", {
      details: { table: "jobs" },
    });
    expect(JSON.stringify(toProblem(error))).not.toMatch(/duplicate|jobs/);
    expect(toProblem(error)).toMatchObject({ status: 500, detail: "Something went wrong on our side" });
  });

  test("a message is cut after 4 KB, between characters", () => {
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

  test("an unexpected error is not shown to callers", () => {
    expect(JSON.stringify(toProblem(new Error("password is hunter2")))).not.toContain("hunter2");
  });

  test("Retry-After is in whole seconds, at least one", () => {
    const after = (retryAfterMs: number) =>
      problemHeaders(new AppError("queue_full", "x", { retryAfterMs }))["retry-after"];
    expect([after(0), after(1), after(1001)]).toEqual(["1", "1", "2"]);
  });
});

describe("errors for Inngest", () => {
  test("S4-34, S4-48: an error that no retry can help is non-retriable, with its code in the cause", () => {
    const error = toInngestError(new AppError("provider_rejected", "bad address"), 2);
    expect(error).toBeInstanceOf(NonRetriableError);
    expect(error.cause).toEqual({ code: "provider_rejected", attempts: 2 });
  });

  test("S4-34: a rate limit without a time is retried after a minute", () => {
    expect(toInngestError(new AppError("provider_rate_limited", "slow down"), 1)).toMatchObject({
      retryAfter: "60",
    });
  });

  test("a given delay is kept", () => {
    const error = toInngestError(new AppError("provider_unavailable", "503", { retryAfterMs: 20_000 }), 1);
    expect(error).toBeInstanceOf(RetryAfterError);
    expect(error).toMatchObject({ retryAfter: "20", cause: { code: "provider_unavailable" } });
  });

  test("a transient error without a delay leaves the delay to the engine", () => {
    const error = toInngestError(new AppError("database_unavailable", "gone"), 1);
    expect(error).not.toBeInstanceOf(RetryAfterError);
    expect(error).not.toBeInstanceOf(NonRetriableError);
    expect(error.cause).toEqual({ code: "database_unavailable", attempts: 1 });
  });

  test("the original stack is kept", () => {
    const error = new AppError("internal", "x");
    expect(toInngestError(error, 1).stack).toBe(error.stack);
  });
});

function selfCaused() {
  const error: Record<string, unknown> = {};
  error["cause"] = error;
  return error;
}
