import { expect, test } from "vitest";
import { z } from "zod";
import { instant } from "#lib/http/fields.ts";
import { plainIssue } from "#lib/http/plain-issue.ts";
import { wrongFields } from "#lib/http/wrong-fields.ts";

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
