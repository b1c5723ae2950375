import { expect, test } from "vitest";
import { z } from "zod";
import { pageQuery, toPage } from "#lib/http/pages.ts";

const query = z.object(pageQuery);
const row = (n: number) => ({ id: `00000000-0000-4000-8000-00000000000${n}`, at: `2026-11-01T00:00:0${n}Z` });
const rows = [row(3), row(2), row(1)];

test("a page has the requested number of items and a cursor for the next", () => {
  const page = toPage(rows, 2, (r) => r);
  expect(page.items).toEqual([row(3), row(2)]);
  expect(query.parse({ cursor: page.nextCursor }).cursor).toEqual(row(2));
});

test("the last page has no cursor", () => {
  expect(toPage(rows, 3, (r) => r).nextCursor).toBeNull();
});

test.each(["x", "e30", Buffer.from('{"at":"now","id":"1"}').toString("base64url"), "a".repeat(301)])(
  "the cursor %s is refused",
  (cursor) => expect(query.safeParse({ cursor }).success).toBe(false),
);

test.each(["0", "101", "1.5", "many"])("limit=%s is refused", (limit) => {
  expect(query.safeParse({ limit }).success).toBe(false);
});
