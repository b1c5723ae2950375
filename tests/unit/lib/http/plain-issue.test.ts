import { expect, test } from "vitest";
import { z } from "zod";
import { plainIssue } from "#lib/http/plain-issue.ts";

const schema = z.object({
  name: z.string().min(2).max(5),
  age: z.coerce.number().min(1).max(9),
  share: z.number().positive().lt(1),
  count: z.int(),
  on: z.boolean(),
  day: z.iso.date(),
  at: z.iso.datetime(),
  id: z.uuid(),
  site: z.url(),
  kind: z.enum(["a", "b"]),
  tags: z.array(z.string()).max(1),
  extra: z.object({}),
  own: z.string({ error: "is the name of a room" }),
});

const messagesFor = (value: object) => {
  const { error } = schema.safeParse(value, { error: plainIssue });
  return Object.fromEntries(error?.issues.map(({ path, message }) => [path.join("."), message]) ?? []);
};

test("a missing field is reported as missing, unless its schema has its own message", () => {
  expect(messagesFor({ age: 1 })).toEqual({
    ...Object.fromEntries(Object.keys(schema.shape).map((field) => [field, "is missing"])),
    age: undefined,
    own: "is the name of a room",
  });
});

test("a wrong value is answered with what the field must be", () => {
  const wrong = {
    name: "n",
    age: "many",
    share: 0,
    count: 1.5,
    on: "yes",
    day: "2026-11-28T00:00:00Z",
    at: "noon",
    id: "7",
    site: "no",
    kind: "c",
    tags: ["a", "b"],
    extra: [],
    own: "x",
  };
  expect(messagesFor(wrong)).toEqual({
    name: "must have at least 2 characters",
    age: "must be a number",
    share: "must be more than 0",
    count: "must be a whole number",
    on: "must be true or false",
    day: "must be a date such as 2026-11-28",
    at: "must be an instant such as 2026-11-28T09:00:00Z",
    id: "must be a UUID",
    site: "must be a URL",
    kind: "must be a or b",
    tags: "must have at most 1 entries",
    extra: "must be an object",
  });
  expect(messagesFor({ ...wrong, name: "longer", age: 10, share: 1, tags: [] })).toMatchObject({
    name: "must have at most 5 characters",
    age: "must be at most 9",
    share: "must be less than 1",
  });
});

test("a value that chooses between alternatives is answered with all values that it may have", () => {
  const way = z.discriminatedUnion("op", [
    z.object({ op: z.literal(["add", "test"]) }),
    z.object({ op: z.literal("remove") }),
  ]);
  const { error } = way.safeParse({ op: "set" }, { error: plainIssue });
  expect(error?.issues.map(({ message }) => message)).toEqual(["must be add or test or remove"]);
});
