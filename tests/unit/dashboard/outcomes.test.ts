import { describe, expect, it } from "vitest";
import { createOutcomes } from "#dashboard/views/outcomes/outcomes.ts";

/** What is expected was submitted at time 0. */
function expecting(...ids: string[]) {
  const outcomes = createOutcomes();
  for (const id of ids) outcomes.expect(id, `Label ${id}`, 0);
  return outcomes;
}

describe("S4-65: what became of work submitted from the page", () => {
  it("is said once, when it has ended, with a way to its job", () => {
    const outcomes = expecting("a");
    expect(outcomes.seen([{ id: "a", status: "running" }], 1)).toEqual([]);
    const done = [{ tone: "good", text: "Done: Label a", href: "#/jobs/a" }];
    expect(outcomes.seen([{ id: "a", status: "completed" }], 2)).toEqual(done);
    expect(outcomes.seen([{ id: "a", status: "completed" }], 3)).toEqual([]);
    expect(outcomes.isEmpty()).toBe(true);
  });

  it("names the reason of a failure", () => {
    const failed = { id: "a", status: "failed", error: { message: "The provider said no" } };
    expect(expecting("a").seen([failed], 1)).toEqual([
      { tone: "bad", text: "Failed: Label a – The provider said no", href: "#/jobs/a" },
    ]);
  });

  it("is not said of other people's work", () => {
    expect(expecting("a").seen([{ id: "b", status: "completed" }], 1)).toEqual([]);
  });

  it("is one sentence when many end at once, per way to end", () => {
    const outcomes = expecting("a", "b", "c", "d");
    const ended = ["a", "b", "c"].map((id) => ({ id, status: "completed" }));
    const said = outcomes.seen([...ended, { id: "d", status: "canceled" }], 1);
    expect(said.map(({ text }) => text)).toEqual(["Done: Label a and 2 more", "Canceled: Label d"]);
  });

  it("is asked for when nothing was heard for four seconds", () => {
    const outcomes = expecting("a", "b");
    outcomes.seen([{ id: "a", status: "running" }], 3000);
    expect(outcomes.quiet(3999)).toEqual([]);
    expect(outcomes.quiet(4000)).toEqual(["b"]);
    outcomes.forget("b");
    expect(outcomes.quiet(9000)).toEqual(["a"]);
  });
});
