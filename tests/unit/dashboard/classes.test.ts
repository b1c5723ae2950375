import { expect, it } from "vitest";
import { CLASS_NAMES } from "#dashboard/views/jobs/class-mark.tsx";
import { PRIORITIES } from "#lib/priorities.ts";

it("the page calls the classes what the product calls them", () => {
  const names = Object.fromEntries(
    Object.entries(PRIORITIES).map(([priority, { name }]) => [priority, name]),
  );
  expect(CLASS_NAMES).toEqual(names);
});
