import { describe, expect, test } from "vitest";
import { coverageOf, numbersIn, testsIn, unloadedIn } from "./coverage.ts";
import { POINTS } from "./points.ts";

// Numbers are put together here, so that this file's own names cover nothing.
const point = (number: string) => `S${number}`;
const run = (name: string, status = "passed") => ({ fullName: name, status });
const reportOf = (...assertionResults: ReturnType<typeof run>[]) =>
  coverageOf(testsIn({ testResults: [{ assertionResults }] }));
const stateOf = (coverage: ReturnType<typeof reportOf>, number: string) =>
  coverage.documents.map(({ points }) => points[point(number)]).find((state) => state !== undefined);

describe("coverage of the source documents", () => {
  test("a name may carry several numbers, long or short", () => {
    const name = `errors > ${point("4-47")}/48, ${point("1-5")}: each answer has a category`;
    expect(numbersIn(name)).toEqual(["4-47", "4-48", "1-5"].map(point));
    expect(numbersIn("HTTPS-1 and 4-47 are no points")).toEqual([]);
  });

  test("a point counts once, however many tests claim it", () => {
    const coverage = reportOf(run(`${point("4-38")}: one`), run(`${point("4-38")}: two`));
    expect(coverage.covered).toBe(1);
    expect([stateOf(coverage, "4-38"), stateOf(coverage, "4-39")]).toEqual(["true", "open"]);
  });

  test.each(["failed", "skipped", "todo", "pending"])("a test that is %s covers nothing", (status) => {
    const coverage = reportOf(run(`${point("4-38")}: one`, status));
    expect(coverage).toMatchObject({ covered: 0, failed: [`${point("4-38")}: one`] });
  });

  test("a point with a failing test is only claimed, even if other tests pass", () => {
    const coverage = reportOf(run(`${point("4-38")}: one`), run(`${point("4-38")}: two`, "failed"));
    expect([coverage.covered, stateOf(coverage, "4-38")]).toEqual([0, "claimed"]);
  });

  test("a number that is no point is reported", () => {
    expect(reportOf(run(`${point("9-1")}: from nowhere`)).unknown).toEqual([point("9-1")]);
  });

  test("a file that could not be loaded is reported", () => {
    const report = { testResults: [{ name: "broken.test.ts", status: "failed", assertionResults: [] }] };
    expect(unloadedIn(report)).toEqual(["broken.test.ts"]);
  });

  test("every point belongs to a document", () => {
    const { of, documents } = coverageOf([]);
    expect(of).toBe(Object.keys(POINTS).length);
    expect(documents.reduce((sum, { points }) => sum + Object.keys(points).length, 0)).toBe(of);
  });
});
