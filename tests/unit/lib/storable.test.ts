import fc from "fast-check";
import { expect, test } from "vitest";
import { storableBody, storableId, storableJson } from "#lib/storable.ts";

const anyText = fc.string({ unit: "binary" });
const canBeHeld = (text: string) => text.isWellFormed() && !text.includes("\0");

/** Every text in a JSON value, including keys. */
function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    yield key;
    yield* textsIn(item);
  }
}

test("any value becomes JSON without NUL and without half surrogate pairs", () => {
  fc.assert(
    fc.property(
      fc.anything({ key: anyText, values: [anyText, fc.double(), fc.bigInt(), fc.date()] }),
      (value) => {
        const json = storableJson(value);
        // JSON has no negative zero.
        expect(JSON.stringify(JSON.parse(JSON.stringify(json)))).toBe(JSON.stringify(json));
        for (const text of textsIn(json)) expect(canBeHeld(text)).toBe(true);
      },
    ),
  );
});

test("JSON that Postgres can store is not changed", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme", noUnicodeString: false }), (value) => {
      const json = JSON.stringify(value);
      expect(JSON.stringify(storableJson(value))).toBe(json);
      expect(storableBody(json)).toBe(json);
    }),
  );
});

test("in a request body only the escapes of unstorable characters are replaced, not escaped backslashes", () => {
  expect(JSON.parse(storableBody(JSON.stringify({ "a\0": ["\ud83d"] })))).toEqual({ "a\uFFFD": ["\uFFFD"] });
  const harmless = JSON.stringify({ a: String.raw`\u0000 \ud83d`, pair: "👍" });
  expect(storableBody(harmless)).toBe(harmless);
});

test("circular and deeply nested values are cut", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  expect(storableJson(circle)).toEqual({ self: "…" });
  let deep: unknown = "end";
  for (let n = 0; n < 100_000; n++) deep = [deep];
  expect(JSON.stringify(storableJson(deep))).toContain("…");
});

test("an id of any length becomes a short key, and different ids get different keys", () => {
  const long = "x".repeat(100_000);
  expect(Buffer.byteLength(storableId(`👍${long}`))).toBeLessThan(1000);
  expect(storableId(`${long}a`)).not.toBe(storableId(`${long}b`));
  expect(storableId("an id")).toBe("an id");
});
