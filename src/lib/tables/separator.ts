import { SEPARATORS, type Separator } from "#lib/tables/table.ts";

const SAMPLE_LINES = 20;

/** The first line with which Excel declares the separator: `sep=;`. */
const DECLARATION = /^"?sep=([,;\t|])"?(?:\r\n|\n|\r|$)/i;

/** Detects the separator. Also returns the length of a first line that declares the separator and is not a row. */
export function findSeparator(head: string): { separator: Separator; declarationLength: number } {
  const declared = DECLARATION.exec(head);
  const named = SEPARATORS.find((separator) => separator === declared?.[1]);
  if (declared && named) return { separator: named, declarationLength: declared[0].length };
  return { separator: guess(countPerLine(head.trimStart())), declarationLength: 0 };
}

type Counts = Record<Separator, number>;
const none = (): Counts => ({ ",": 0, ";": 0, "\t": 0, "|": 0 });

/**
 * Counts, for each separator, the lines that contain the separator as often as the header does, and chooses the
 * separator with the most lines. Of separators with equally many lines, the most frequent in the header is chosen. A
 * file of one column has no separator, so any separator that does not occur is chosen.
 */
function guess([header = none(), ...lines]: readonly Counts[]): Separator {
  const inHeader = SEPARATORS.filter((separator) => header[separator] > 0);
  if (inHeader.length === 0) {
    return SEPARATORS.find((separator) => lines.every((line) => line[separator] === 0)) ?? ",";
  }
  const agreement = (separator: Separator) =>
    lines.filter((line) => line[separator] === header[separator]).length * 1_000 +
    Math.min(header[separator], 999);
  return inHeader.reduce((best, next) => (agreement(next) > agreement(best) ? next : best));
}

/** Counts each separator outside quotes, in each of the first lines. */
function countPerLine(text: string): Counts[] {
  const lines: Counts[] = [];
  let counts = none();
  let isQuoted = false;
  let mayOpen = true;
  for (const character of text) {
    if (character === '"') {
      // A quote inside quotes closes them; a second quote right after it opens them again.
      isQuoted = !isQuoted && mayOpen;
      mayOpen = true;
      continue;
    }
    if (isQuoted) continue;
    const separator = SEPARATORS.find((one) => one === character);
    const isLineEnd = character === "\n" || character === "\r";
    if (separator) counts[separator] += 1;
    if (isLineEnd && lines.push(counts) > SAMPLE_LINES) return lines;
    if (isLineEnd) counts = none();
    mayOpen = separator !== undefined || isLineEnd || (mayOpen && character === " ");
  }
  return [...lines, counts];
}
