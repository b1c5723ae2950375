import { describe, expect, it } from "vitest";
import { createOutcomes } from "#dashboard/views/outcomes/outcomes.ts";

function expecting(...ids: string[]) {
  const outcomes = createOutcomes();
  for (const id of ids) outcomes.expect(id, `Label ${id}`);
  return outcomes;
}

describe("S4-65: the message about work submitted from the page", () => {
  it("appears once, when the work has ended, with a link to its job", () => {
    const outcomes = expecting("a");
    expect(outcomes.seen([{ id: "a", status: "running" }])).toEqual([]);
    const done = [{ tone: "good", text: "Done: Label a", href: "#/jobs/a" }];
    expect(outcomes.seen([{ id: "a", status: "completed" }])).toEqual(done);
    expect(outcomes.seen([{ id: "a", status: "completed" }])).toEqual([]);
  });

  it("gives the reason of a failure", () => {
    const failed = { id: "a", status: "failed", error: { message: "The provider said no" } };
    expect(expecting("a").seen([failed])).toEqual([
      { tone: "bad", text: "Failed: Label a – The provider said no", href: "#/jobs/a" },
    ]);
  });

  it("does not appear for other users' work", () => {
    expect(expecting("a").seen([{ id: "b", status: "completed" }])).toEqual([]);
  });

  it("combines work that ends at the same time, per kind of end", () => {
    const outcomes = expecting("a", "b", "c", "d");
    const ended = ["a", "b", "c"].map((id) => ({ id, status: "completed" }));
    const said = outcomes.seen([...ended, { id: "d", status: "canceled" }]);
    expect(said.map(({ text }) => text)).toEqual(["Done: Label a and 2 more", "Canceled: Label d"]);
  });
});
