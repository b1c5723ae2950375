/** Which points of the source documents have a test: arithmetic on test names, so that it can be tested itself. */
import { DOCUMENTS, type DocumentId, POINTS } from "./points.ts";

export type Coverage = {
  covered: number;
  of: number;
  documents: Array<{ id: DocumentId; title: string; covered: number; of: number; open: string[] }>;
  /** Numbers in test names that are no point of any document: a slip of the pen. */
  unknown: string[];
};

/** The numbers a test's name carries; "S4-47/48" is short for "S4-47, S4-48". */
export const numbersIn = (name: string): string[] =>
  [...name.matchAll(/\b(S\d)-(\d+(?:\/\d+)*)/g)].flatMap(([, document = "", numbers = ""]) =>
    numbers.split("/").map((number) => `${document}-${number}`),
  );

const isDocument = (id: string): id is DocumentId => id in DOCUMENTS;

export const coverageOf = (testNames: readonly string[]): Coverage => {
  const named = new Set(testNames.flatMap(numbersIn));
  const points = Object.keys(POINTS);
  const documents = Object.keys(DOCUMENTS)
    .filter(isDocument)
    .map((id) => {
      const own = points.filter((point) => point.startsWith(`${id}-`));
      const open = own.filter((point) => !named.has(point));
      return { id, title: DOCUMENTS[id], covered: own.length - open.length, of: own.length, open };
    });
  return {
    covered: points.filter((point) => named.has(point)).length,
    of: points.length,
    documents,
    unknown: [...named].filter((number) => !(number in POINTS)).toSorted(),
  };
};
