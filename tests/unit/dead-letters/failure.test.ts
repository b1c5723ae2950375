import { describe, expect, test } from "vitest";
import { fingerprintOf, toFailure } from "#dead-letters/failure.ts";

const parentJobId = "8c2a5c58-1f0e-4a0a-9c1d-0a1b2c3d4e5f";
const news = (error: unknown, data: unknown = { orderId: "1" }) => ({
  function_id: "nightshift-ship-order",
  run_id: "01RUN",
  error,
  event: { id: "event-1", name: "test/order.paid", data },
});
const attempts = (id: string) => (id === "ship-order" ? 6 : undefined);

test("S4-38: a dead letter has the original event, not the engine's event about the failure", () => {
  expect(toFailure(news({ name: "Error", message: "no lorry", stack: "at x" }), attempts)).toMatchObject({
    eventId: "event-1",
    eventName: "test/order.paid",
    eventData: { orderId: "1" },
    functionId: "ship-order",
    runId: "01RUN",
    attempts: 6,
    parentJobId: null,
    error: { code: null, message: "no lorry", stack: "at x" },
  });
});

test("the error code is read from the cause", () => {
  const failure = toFailure(news({ message: "x", cause: { code: "provider_unauthorized" } }), attempts);
  expect(failure.error.code).toBe("provider_unauthorized");
});

describe("the number of attempts of a dead letter", () => {
  const triesOf = (error: object) => toFailure(news({ message: "x", ...error }), attempts).attempts;

  test("is the number that the error's cause states", () => {
    const cause = { code: "provider_unavailable", attempts: 4 };
    expect(triesOf({ cause })).toBe(4);
    expect(triesOf({ name: "NonRetriableError", cause })).toBe(4);
  });

  test("is one when the error is non-retriable and states none", () => {
    expect(triesOf({ name: "NonRetriableError" })).toBe(1);
  });

  test.each([[{ attempts: 0 }], [{ attempts: "4" }], ["4"], [null]])(
    "is the function's maximum when the cause is %j",
    (cause) => {
      expect(triesOf({ cause })).toBe(6);
    },
  );
});

test("a failed part refers to its parent job, and an invalid parent id is ignored", () => {
  expect(toFailure(news({ message: "x" }, { parentJobId }), attempts).parentJobId).toBe(parentJobId);
  expect(toFailure(news({ message: "x" }, { parentJobId: "nonsense" }), attempts).parentJobId).toBeNull();
});

test.each([
  ["no error at all", undefined],
  ["an error that is text", "boom"],
  ["an error of strange fields", { name: 7, message: null, stack: {} }],
])("%s still makes a valid failure", (_, error) => {
  expect(toFailure(news(error), attempts)).toMatchObject({ runId: "01RUN", error: { code: null } });
});

describe("the fingerprint of a failure", () => {
  const print = (message: string, kind = "internal") => fingerprintOf("ship-order", kind, message);

  test("ignores ids, numbers and addresses in the message", () => {
    expect(print(`order 17 of ada@example.com (${parentJobId}) failed`)).toBe(
      print("order 4711 of bob@example.org (11111111-2222-4333-8444-555555555555) failed"),
    );
  });

  test.each([
    ["connect 10.0.0.1:5432 refused", "connect 192.168.1.20:80 refused"],
    ["peer fe80::1 is gone", "peer 2001:db8:abcd::ff is gone"],
    ["no customer cus_NffrFeUfNV2Hib", "no customer cus_9s6XKzkNRiz8i3"],
    ["1,000 rows are wrong", "999 rows are wrong"],
    ["at ship (/app/src/ship.ts:12:3)", "at ship (/app/src/ship.ts:904:17)"],
    ["late since 2026-11-29T07:00:00Z", "late since 2026-12-01T11:30:00Z"],
  ])("is the same for “%s” and “%s”", (one, other) => {
    expect(print(one)).toBe(print(other));
  });

  test("depends on the step, but not on the number of its round", () => {
    const at = (step: string) => toFailure(news({ message: "x", cause: { step } }), attempts).fingerprint;
    expect(at("work-1")).toBe(at("work-22"));
    expect(at("work-1")).not.toBe(at("plan"));
  });

  test.each([
    ["only digits", "7".repeat(1_000_000)],
    ["only words", "lorry ".repeat(200_000)],
    ["only addresses", "a@b.example ".repeat(100_000)],
    ["half a surrogate pair", "no \ud83d lorry"],
    ["a character that Postgres refuses", "no \0 lorry"],
    ["nothing", ""],
  ])("of a hostile message (%s) is short, and takes no long time", (_, message) => {
    const begun = performance.now();
    expect(toFailure(news({ message }), attempts).fingerprint).toMatch(/^\d-[0-9a-f]{16}$/);
    expect(print(message)).toMatch(/^\d-[0-9a-f]{16}$/);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test("names the version of its rules", () => {
    expect(print("x")).toMatch(/^2-[0-9a-f]{16}$/);
  });

  test("depends on the message and the error code", () => {
    expect(print("no lorry")).not.toBe(print("no driver"));
    expect(print("x")).not.toBe(print("x", "conflict"));
  });
});
