import { expect, it } from "vitest";
import { PRIORITY_NAMES } from "#dashboard/priorities.ts";
import { PRIORITIES } from "#lib/engine/priorities.ts";

it("the page and the product use the same names for priorities", () => {
  const names = Object.fromEntries(
    Object.entries(PRIORITIES).map(([priority, { name }]) => [priority, name]),
  );
  expect(PRIORITY_NAMES).toEqual(names);
});
