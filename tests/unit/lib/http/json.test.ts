import { describe, expect, test } from "vitest";
import { parseJson } from "#lib/http/json.ts";

const thrown = (text: string) => {
  try {
    return parseJson(text);
  } catch (error) {
    return error;
  }
};

test.each([
  '{"a":[1,-2.5e3,true,null,"x\\"]}[[["]}',
  "9007199254740991",
  "-9007199254740991",
  "0.1000000000000000055511151231257827",
  '"9007199254740992"',
  '"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["',
  `${"[".repeat(32)}${"]".repeat(32)}`,
  "[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]",
])("%s is accepted", (text) => expect(thrown(text)).toEqual(JSON.parse(text)));

describe("deep nesting is refused before it is parsed", () => {
  test.each([
    ["arrays", `${"[".repeat(33)}${"]".repeat(33)}`],
    ["objects", `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`],
    ["with an escape, which would be walked", `${"[".repeat(5000)}"\\u0041"${"]".repeat(5000)}`],
    ["that never ends", "[".repeat(1_000_000)],
  ])("%s", (_, text) => expect(thrown(text)).toMatchObject({ code: "invalid_json" }));
});

test.each(["9007199254740992", "[-9007199254740993]", '{"n":1e16}', "1e400", "12345678901234567890.5"])(
  "the number %s would be rounded, and is refused",
  (text) => expect(thrown(text)).toMatchObject({ code: "invalid_request" }),
);

test.each(['"\\u0000"', '"\\ud83d"', '{"\\ud83d":1}'])("%s cannot be stored, and is refused", (text) => {
  expect(thrown(text)).toMatchObject({ code: "invalid_request" });
});

test.each(["", "{", '"a', '"\\', "1-", "tru", "--1"])("%j is refused as invalid JSON", (text) => {
  expect(thrown(text)).toMatchObject({ code: "invalid_json" });
});
