import { expect, test } from "vitest";
import { completeMapping } from "#imports/mapping.ts";
import { contacts } from "#imports/targets/contacts.ts";

test("an accepted mapping is refused when the target has lost a field since then", () => {
  expect(() => completeMapping(["a", "b"], { a: "email", b: "surname" }, contacts)).toThrow(
    'The target has no field "surname"',
  );
});
