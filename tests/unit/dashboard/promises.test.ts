import { expect, it } from "vitest";
import { promisesOf } from "#dashboard/views/overview/promises.ts";

it("work that is due and has not begun breaks promises, also in a class of which no job began", () => {
  const classes = [
    { due: 8, keptShare: 1 },
    { due: 24, keptShare: 0 },
    { due: 50, keptShare: null },
  ];
  expect(promisesOf(classes)).toEqual({ due: 32, keptShare: 0.25 });
});

it("without due work there is no share of kept promises", () => {
  expect(promisesOf([{ due: 0, keptShare: null }])).toEqual({ due: 0, keptShare: null });
});
