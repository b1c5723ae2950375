import { expect, test } from "vitest";
import { z } from "zod";
import { instant } from "#lib/http/fields.ts";
import { wrongFields } from "#lib/http/wrong-fields.ts";

test("a field with several errors is named once, with its first error", () => {
  const schema = z.strictObject({ from: instant, count: z.number() });
  const { error } = schema.safeParse({ from: "yesterday", count: "one", more: 1 });
  expect(error?.issues.length).toBe(4);
  expect(error && wrongFields(error).map(({ field }) => field)).toEqual(["from", "count", "more"]);
});
