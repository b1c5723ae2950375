import { describe, expect, test } from "vitest";
import { z } from "zod";
import { count, cursor, encodeCursor, instant, safeNumber, streamPosition } from "#lib/http/fields.ts";

const isTaken = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe("an instant", () => {
  test.each(["2030-01-01T00:00:00Z", "1970-01-01T00:00:00.123456+14:00", "2999-12-31T23:59:59-12:00"])(
    "%s is accepted",
    (value) => expect(isTaken(instant, value)).toBe(true),
  );
  test.each([
    "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "3000-01-01T00:00:00Z",
    "2030-02-30T00:00:00Z",
    "2030-01-01T00:00:00+23:00",
    "2030-01-01T00:00:00-15:59",
    "2030-01-01T00:00:00",
    `2030-01-01T00:00:00.${"1".repeat(30)}Z`,
  ])("%s is refused", (value) => expect(isTaken(instant, value)).toBe(false));
});

describe("a stream position", () => {
  test.each(["5:5:", "5:10:", "5:10:5,7,9", "5:10:7,7", "900000000000000001:900000000000000002:"])(
    "%s is accepted",
    (value) => expect(isTaken(streamPosition, value)).toBe(true),
  );
  test.each([
    "0:1:",
    "5:4:",
    "5:10:10",
    "5:10:4",
    "5:10:9,7",
    "900000000000000001:900000000000000001:900000000000000001",
    "1:2",
    "1:2:3,",
    "1:2:".padEnd(10_001, "1"),
  ])("%s is refused", (value) => expect(isTaken(streamPosition, value)).toBe(false));
});

describe("numbers", () => {
  test.each([2 ** 53, -(2 ** 53), Number.POSITIVE_INFINITY, Number.NaN])("%d is refused", (value) => {
    expect(isTaken(safeNumber, value)).toBe(false);
  });
  test.each(["9007199254740992", "1.5", "-1", "", "1e400"])("%j is refused as a count", (value) => {
    expect(isTaken(count(1), value)).toBe(false);
  });
});

describe("a cursor", () => {
  const position = z.strictObject({ id: z.uuid() });
  const seen = { id: "00000000-0000-4000-8000-000000000000" };
  test("contains the position it was made of", () => {
    expect(cursor(position).parse(encodeCursor(seen))).toEqual(seen);
  });
  test.each([
    "",
    "x",
    encodeCursor({ id: "no uuid" }),
    encodeCursor({ ...seen, more: 1 }),
    Buffer.from("[".repeat(140)).toString("base64url"),
    `${encodeCursor(seen)}=`,
  ])("%s is refused", (value) => expect(isTaken(cursor(position), value)).toBe(false));
});
