/** Which points of the source documents have a test that ran and passed. */
import { z } from "zod";
import { DOCUMENTS, type DocumentId, POINTS } from "./points.ts";

export type RunTest = { name: string; passed: boolean };

/**
 * `true`: every test that claims the point ran and passed. `claimed`: one of them failed, or did not run. `open`: no test
 * claims it.
 */
export type State = "true" | "claimed" | "open";

export type Coverage = {
  covered: number;
  of: number;
  documents: Array<{ id: DocumentId; title: string; points: Record<string, State> }>;
  /** Test files that could not be loaded: what they claim is not known. */
  unloaded: string[];
  /** Names of numbered tests that failed, or were skipped: a point with one of these is not covered. */
  failed: string[];
  /** Numbers in test names that are no point of any document: a slip of the pen. */
  unknown: string[];
};

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string().default(""),
      status: z.string().default("passed"),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});

/** The test files of a report that failed before they had a test. */
export const unloadedIn = (report: unknown): string[] =>
  reportSchema
    .parse(report)
    .testResults.filter(
      ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
    )
    .map(({ name }) => name);

/** The tests of a vitest JSON report. In a run by name the tests of other names are "skipped"; they have no number. */
export const testsIn = (report: unknown): RunTest[] =>
  reportSchema
    .parse(report)
    .testResults.flatMap(({ assertionResults }) =>
      assertionResults.map(({ fullName, status }) => ({ name: fullName, passed: status === "passed" })),
    );

/** The numbers a test's name carries; "S4-47/48" is short for "S4-47, S4-48". */
export const numbersIn = (name: string): string[] =>
  [...name.matchAll(/\b(S\d)-(\d+(?:\/\d+)*)/g)].flatMap(([, document = "", numbers = ""]) =>
    numbers.split("/").map((number) => `${document}-${number}`),
  );

const isDocument = (id: string): id is DocumentId => id in DOCUMENTS;

export const coverageOf = (tests: readonly RunTest[], unloaded: string[] = []): Coverage => {
  const numbered = tests.map((test) => ({ ...test, numbers: numbersIn(test.name) }));
  const numbersOf = (passed: boolean) =>
    new Set(numbered.filter((test) => test.passed === passed).flatMap(({ numbers }) => numbers));
  const [failed, passed] = [numbersOf(false), numbersOf(true)];
  const stateOf = (point: string): State =>
    failed.has(point) ? "claimed" : passed.has(point) ? "true" : "open";
  const points = Object.keys(POINTS);
  const documents = Object.keys(DOCUMENTS)
    .filter(isDocument)
    .map((id) => {
      const own = points.filter((point) => point.startsWith(`${id}-`));
      const states = Object.fromEntries(own.map((point) => [point, stateOf(point)]));
      return { id, title: DOCUMENTS[id], points: states };
    });
  return {
    covered: points.filter((point) => stateOf(point) === "true").length,
    of: points.length,
    documents,
    unloaded,
    failed: numbered.filter(({ passed, numbers }) => !passed && numbers.length > 0).map(({ name }) => name),
    unknown: [...new Set([...passed, ...failed])].filter((number) => !(number in POINTS)).toSorted(),
  };
};
