import { expect, it } from "vitest";
import { promisesOf } from "#dashboard/views/overview/promises.ts";

it("work that waits after its due time breaks promises, also in a class of which no job began", () => {
  const classes = [
    { begunOrLate: 8, keptShare: 1 },
    { begunOrLate: 24, keptShare: 0 },
    { begunOrLate: 50, keptShare: null },
  ];
  expect(promisesOf(classes)).toEqual({ begunOrLate: 32, keptShare: 0.25 });
});

it("without begun or late work there is no share of kept promises", () => {
  expect(promisesOf([{ begunOrLate: 0, keptShare: null }])).toEqual({ begunOrLate: 0, keptShare: null });
});
