import { describe, expect, test } from "vitest";
import cases from "../../tests/fixtures/inngest/expressions.json" with { type: "json" };
import { conditionError, evaluate, isTrue, keyError, keyValue } from "./cel.ts";
import { isMatch, matchError } from "./cel-match.ts";

/** Results recorded from the real server. The engine must give the same result, or refuse the expression. */
type Verdict = number | string;
type Name = "A" | "B" | "C";
const names: Name[] = ["A", "B", "C"];
const eventOf = (name: string, data: unknown) => ({ id: `${name}-id`, name, data, ts: 1_795_860_000_000 });
const refusedByName = "is not modelled by the local engine";

describe("the condition of a trigger", () => {
  test.each(Object.entries(cases.triggers))("%s", (expression, verdicts) => {
    const problem = conditionError(expression);
    if (typeof verdicts === "string") return expect(problem).toBeDefined();
    if (problem !== undefined) return expect(problem).toContain(refusedByName);
    const ours = names.map((name) => [
      name,
      Number(isTrue(expression, eventOf("cel/x", cases.events[name]))),
    ]);
    return expect(Object.fromEntries(ours)).toEqual(verdicts);
  });
});

const own = eventOf("cel/own", { ...cases.events.A, i: 1 });
const woken = (expression: string, name: Name) =>
  isMatch(expression, own, eventOf("cel/other", cases.events[name]));

describe.each(names)("the match of a wait, with event %s", (name) => {
  test.each(Object.entries(cases.waits[name] as Record<string, Verdict>))("%s", (expression, verdict) => {
    const problem = matchError(expression);
    if (verdict === "Failed") return expect(problem).toBeDefined();
    if (problem !== undefined) return expect(problem).toContain(refusedByName);
    return expect(Number(woken(expression, name))).toBe(verdict);
  });
});

describe("the match of a cancelOn", () => {
  test.each(Object.entries(cases.cancels))("%s", (expression, verdict) => {
    const problem = matchError(expression);
    if (verdict === "REFUSED") return expect(problem).toBeDefined();
    if (problem !== undefined) return expect(problem).toContain(refusedByName);
    return expect(woken(expression, "A") ? "Cancelled" : "Completed").toBe(verdict);
  });
});

test("all expressions of the product are accepted", () => {
  const conditions = [
    "event.data.priority == 1 ? 599 : event.data.priority == 2 ? 540 : 300",
    'event.data.function_id.startsWith("nightshift-")',
    "event.data.function_id == 'nightshift-send-email-campaign'",
  ];
  const matches = [
    'event.id == async.data.eventId && async.data.functionId == "walk"',
    "event.data.parentJobId == async.data.jobId",
  ];
  expect([...conditions.map(conditionError), ...matches.map(matchError)]).toEqual(Array(5).fill(undefined));
  expect(keyError("event.data.account")).toBeUndefined();
});

test("integers and doubles are distinguished, as priorities require", () => {
  const event = eventOf("x", { vip: true, n: 5 });
  expect(evaluate("event.data.vip ? 100 : 0", event)).toBe(100n);
  expect(evaluate("event.data.n", event)).toBe(5);
  expect(evaluate("-300", event)).toBe(-300n);
});

test("a key is one path of the event, and is undefined where the event lacks it", () => {
  const event = eventOf("x", { user: { id: 7 } });
  expect(keyValue("event.data.user.id", event)).toBe(7);
  expect(keyValue("event.data.nope.id", event)).toBeUndefined();
  expect(keyError("event.data.a + '-' + event.data.b")).toContain(refusedByName);
});

test("a match of two missing values holds, and one of lists never does", () => {
  const [mine, theirs] = [eventOf("a", { list: [1] }), eventOf("b", { list: [1] })];
  expect(isMatch("event.data.x == async.data.x", mine, theirs)).toBe(true);
  expect(isMatch("event.data.list == async.data.list", mine, theirs)).toBe(false);
});
