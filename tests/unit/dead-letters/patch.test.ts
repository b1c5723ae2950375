import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  auditedPatch,
  createCheckLetter,
  type JsonPatch,
  jsonPatch,
  patchBody,
} from "#dead-letters/patch.ts";

const check = createCheckLetter(
  new Map([["test/order.paid", z.object({ number: z.int(), tags: z.array(z.string()).optional() })]]),
);
const order = (data: object) => ({ event: "test/order.paid", data: { ...data } });
const fix = (data: object, ...patch: JsonPatch) => check(order(data), patch);

describe("a patch", () => {
  test.each<[string, JsonPatch, object, object]>([
    ["add", [{ op: "add", path: "/number", value: 1 }], {}, { number: 1 }],
    ["replace", [{ op: "replace", path: "/number", value: 2 }], { number: 1 }, { number: 2 }],
    ["remove", [{ op: "remove", path: "/x" }], { number: 1, x: 1 }, { number: 1 }],
    ["move", [{ op: "move", from: "/n", path: "/number" }], { n: 1 }, { number: 1 }],
    ["copy", [{ op: "copy", from: "/number", path: "/b" }], { number: 1 }, { number: 1, b: 1 }],
    ["test", [{ op: "test", path: "/number", value: 1 }], { number: 1 }, { number: 1 }],
    ["replace of the root", [{ op: "replace", path: "", value: { number: 3 } }], { n: 1 }, { number: 3 }],
    [
      "add to an array",
      [{ op: "add", path: "/tags/-", value: "b" }],
      { number: 1, tags: ["a"] },
      { number: 1, tags: ["a", "b"] },
    ],
  ])("%s", (_, patch, before, after) => expect(fix(before, ...patch)).toEqual({ data: after }));

  test("leaves the event's own data as it was", () => {
    const stored = order({ number: 1, tags: ["a"] });
    check(stored, [{ op: "add", path: "/tags/-", value: "b" }]);
    expect(stored.data).toEqual({ number: 1, tags: ["a"] });
  });

  test("the old deadline does not count, and a patch may set a new one", () => {
    expect(fix({ number: 1, deadlineAt: "2020-01-01" })).toEqual({ data: { number: 1 } });
    const later = { number: 1, deadlineAt: "2030-01-01" };
    expect(fix({ number: 1 }, { op: "add", path: "/deadlineAt", value: "2030-01-01" })).toEqual({
      data: later,
    });
  });
});

describe("a refusal says why", () => {
  test.each<[string, JsonPatch, object, RegExp]>([
    [
      "no path",
      [{ op: "replace", path: "/x", value: 1 }],
      { number: 1 },
      /^Operation 1 \(replace \/x\).*no value/,
    ],
    [
      "another value",
      [{ op: "test", path: "/number", value: 2 }],
      { number: 1 },
      /^Operation 1.*another one/,
    ],
    [
      "the schema",
      [{ op: "replace", path: "/number", value: "a" }],
      { number: 1 },
      /^The data does not fit test\/order\.paid: "number" must be a number$/,
    ],
    ["no object", [{ op: "replace", path: "", value: 1 }], { number: 1 }, /must stay an object/],
    [
      "another job",
      [{ op: "add", path: "/parentJobId", value: "b" }],
      { number: 1 },
      /^parentJobId must stay/,
    ],
    ["another part", [{ op: "remove", path: "/part" }], { number: 1, part: 2 }, /^part must stay/],
  ])("%s", (_, patch, data, reason) =>
    expect(fix(data, ...patch)).toEqual({ refusal: expect.stringMatching(reason) }),
  );

  test.each<JsonPatch[number]>([
    { op: "add", path: "/hasOwnProperty/call", value: 1 },
    { op: "add", path: "/toString/added", value: 1 },
    { op: "replace", path: "/toString/name", value: "a" },
    { op: "add", path: "/tags/push/added", value: 1 },
    { op: "replace", path: "/tags/length", value: 4_000_000_000 },
    { op: "add", path: "/tags/4000000000", value: "a" },
    { op: "add", path: "/text/x", value: 1 },
    { op: "copy", from: "/toString", path: "/text" },
    { op: "move", from: "/tags", path: "/tags/a" },
    { op: "move", from: "/inner", path: "/inner/a" },
  ])("a path that leads to no value of the data: $op $path", (one) => {
    const data = { number: 1, text: "a", tags: ["a"], inner: { a: 1 } };
    expect(fix(data, one)).toEqual({ refusal: expect.stringMatching(/no value at this path/) });
    expect(Object.keys(Object.prototype.toString)).toEqual([]);
    expect(Object.keys(Array.prototype.push)).toEqual([]);
    expect(Object.prototype.hasOwnProperty.call).toBeTypeOf("function");
  });

  test("without addresses, because an erasure may not find one that was cut", () =>
    expect(fix({}, { op: "remove", path: "/by/alice@example.com" })).toEqual({
      refusal: expect.stringContaining("/by/[address]"),
    }));

  test("an event without a schema cannot be checked", () =>
    expect(check({ event: "test/other", data: {} }, [])).toEqual({
      refusal: expect.stringContaining("no schema"),
    }));

  test("copies cannot make the data grow without a limit", () => {
    const copies = Array.from({ length: 20 }, (_, n) => ({
      op: "copy" as const,
      from: "",
      path: `/copy${n}`,
    }));
    const answer = fix({ number: 1, text: "x".repeat(1000) }, ...copies);
    expect(answer).toEqual({ refusal: expect.stringMatching(/larger than 200000 bytes after operation 8$/) });
  });

  test("a long reason is cut", () => {
    // The schema has one complaint about each of these tags.
    const answer = fix({ number: 1, tags: Array.from({ length: 100 }, () => 1) });
    expect("refusal" in answer && answer.refusal.length).toBe(500);
  });
});

test.each([
  ["no operation", []],
  ["21 operations", Array.from({ length: 21 }, () => ({ op: "remove", path: "/a" }))],
  ["more than 4 KiB", [{ op: "add", path: "/a", value: "x".repeat(4096) }]],
  ["an unknown operation", [{ op: "set", path: "/a", value: 1 }]],
  ["no value", [{ op: "add", path: "/a" }]],
  ["a path that is no pointer", [{ op: "remove", path: "a" }]],
  ["a wrong escape", [{ op: "remove", path: "/a~2" }]],
  ["a path to the prototype", [{ op: "add", path: "/__proto__/a", value: 1 }]],
  ["a path to a constructor", [{ op: "add", path: "/constructor/a", value: 1 }]],
  ["a copy from the prototype", [{ op: "copy", from: "/__proto__", path: "/a" }]],
])("not accepted: %s", (_, patch) => expect(jsonPatch.safeParse(patch).success).toBe(false));

test("the audit log keeps the operations, without their values", () => {
  const body = patchBody.parse({ patch: [{ op: "replace", path: "/email", value: "ada@example.com" }] });
  expect(auditedPatch(body)).toEqual({ patch: "replace /email" });
  const person = patchBody.parse({ patch: [{ op: "remove", path: "/by/ada@example.com" }] });
  expect(auditedPatch(person)).toEqual({ patch: "remove /by/[address]" });
  expect(auditedPatch(patchBody.parse(undefined))).toEqual({});
});
