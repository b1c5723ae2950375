import { describe, expect, test } from "vitest";
import { evaluate, expressionError, isTrue } from "./cel.ts";

const event = {
  name: "paid",
  data: { id: "a", n: 5, vip: true, tags: ["x", "y"], nothing: null, user: { id: 7 } },
};
const async = { data: { id: "a" } };

describe("expressions, as the server evaluates them", () => {
  test.each([
    ["event.data.id == async.data.id", true],
    ["event.data.n > 4 && event.data.vip", true],
    ["event.data.n + 1", 6],
    ["event.data.id + '-' + event.data.n", "a-5"],
    ["'x' in event.data.tags", true],
    ["event.data.tags.exists(tag, tag == 'y')", true],
    ["event.data.tags.all(tag, tag == 'y')", false],
    ["event.data.user['id'] == 7", true],
    ["event.data.vip ? 100 : 0", 100],
    ["event.name.startsWith('pa')", true],
    ["size(event.data.tags)", 2],
    ["has(event.data.id) && !has(event.data.missing)", true],
    ["-event.data.n", -5],
    ["event.data.id in ['a', 'b']", true],
  ])("%s is %j", (expression, value) => expect(evaluate(expression, { event, async })).toEqual(value));

  // What is missing is null, and never stops the evaluation.
  test.each([
    ["event.data.missing", null],
    ["event.data.missing == null", true],
    ["event.data.nothing == null", true],
    ["event.data.missing != 'x'", true],
    ["event.data.missing == 'x'", false],
    ["event.data.missing.deeper == null", true],
    ["!event.data.missing", false],
    ["event.data.missing > 3", false],
    ["event.data.missing < 3", true],
    ["event.data.nothing < 3", true],
    ["event.data.missing.contains('x')", false],
    ["size(event.data.missing)", 0],
    ["event.data.missing || event.data.id", "a"],
    ["event.data.id && event.data.missing", null],
  ])("%s is %j", (expression, value) => expect(evaluate(expression, { event, async })).toEqual(value));

  test("only the value true fulfils a condition", () => {
    expect(isTrue("event.data.id", { event })).toBe(false);
    expect(isTrue("event.data.vip", { event })).toBe(true);
    expect(isTrue(undefined, { event })).toBe(true);
  });

  test("an expression that cannot be used is refused with a reason", () => {
    expect(expressionError("event.data.x ==== 3")).toMatch(/EQ/);
    expect(expressionError("event.data.x.trim() == 'a'")).toContain("trim() in expressions is not modelled");
    expect(expressionError("event.data.x == 3")).toBeUndefined();
  });
});
