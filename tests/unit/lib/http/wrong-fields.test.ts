import { expect, test } from "vitest";
import { z } from "zod";
import { sourceSchema } from "#imports/find-file.ts";
import { instant } from "#lib/http/fields.ts";
import { plainIssue } from "#lib/http/plain-issue.ts";
import { parseFields, wrongFields } from "#lib/http/wrong-fields.ts";

test("a field with several errors is named once, with its first error", () => {
  const schema = z.strictObject({ from: instant, count: z.number() });
  const { error } = schema.safeParse({ from: "yesterday", count: "one", more: 1 }, { error: plainIssue });
  expect(error?.issues.length).toBe(4);
  expect(error && wrongFields(error)).toEqual([
    { field: "from", message: "must be an instant such as 2026-11-28T09:00:00Z" },
    { field: "count", message: "must be a number" },
    { field: "more", message: "is not a known field" },
  ]);
});

test("fields of two alternatives together get the message of the union", () => {
  const wrong = (value: object) => {
    const { error } = z.object({ source: sourceSchema }).safeParse({ source: value }, { error: plainIssue });
    return error && wrongFields(error);
  };
  const url = "https://example.com/a.csv";
  expect(wrong({ content: "a", url })).toEqual([
    { field: "source", message: "name one source: {uploadId}, {url} or {content}" },
  ]);
  expect(wrong({ url, colour: "red" })).toEqual([
    { field: "source.colour", message: "is not a known field" },
  ]);
  const plain = z.union([
    z.strictObject({ csv: z.string() }),
    z.strictObject({ subscribers: z.array(z.string()) }),
  ]);
  expect(() => parseFields(plain, { csv: "email", subscribers: [] }, "body")).toThrow(
    "The body must have the fields of one alternative only",
  );
});
