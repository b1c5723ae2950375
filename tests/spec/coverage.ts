/** Which points of the source documents have a test that ran and passed. */
import { z } from "zod";
import { DOCUMENTS, type DocumentId, POINTS } from "./points.ts";

export type RunTest = { name: string; passed: boolean };

export type Coverage = {
  covered: number;
  of: number;
  documents: Array<{ id: DocumentId; title: string; covered: number; of: number; open: string[] }>;
  /** Names of numbered tests that failed, or were skipped: a point with one of these is not covered. */
  failed: string[];
  /** Numbers in test names that are no point of any document: a slip of the pen. */
  unknown: string[];
};

const reportSchema = z.object({
  testResults: z.array(
    z.object({ assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })) }),
  ),
});

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

export const coverageOf = (tests: readonly RunTest[]): Coverage => {
  const numbered = tests.map((test) => ({ ...test, numbers: numbersIn(test.name) }));
  const numbersOf = (passed: boolean) =>
    new Set(numbered.filter((test) => test.passed === passed).flatMap(({ numbers }) => numbers));
  const failed = numbersOf(false);
  const passed = new Set([...numbersOf(true)].filter((number) => !failed.has(number)));
  const points = Object.keys(POINTS);
  const documents = Object.keys(DOCUMENTS)
    .filter(isDocument)
    .map((id) => {
      const own = points.filter((point) => point.startsWith(`${id}-`));
      const open = own.filter((point) => !passed.has(point));
      return { id, title: DOCUMENTS[id], covered: own.length - open.length, of: own.length, open };
    });
  return {
    covered: points.filter((point) => passed.has(point)).length,
    of: points.length,
    documents,
    failed: numbered.filter(({ passed, numbers }) => !passed && numbers.length > 0).map(({ name }) => name),
    unknown: [...passed, ...failed].filter((number) => !(number in POINTS)).toSorted(),
  };
};
