import { createHash } from "node:crypto";
import { z } from "zod";
import { beginReading, noRows } from "#imports/begin-reading.ts";
import { completeMapping } from "#imports/mapping.ts";
import type { ImportRepository } from "#imports/repository.ts";
import type { ImportRow } from "#imports/rows.ts";
import type { Source } from "#imports/source.ts";
import { targetOf } from "#imports/targets.ts";
import type { Piece } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import type { Json } from "#lib/database/database.types.ts";
import { AppError } from "#lib/errors.ts";
import { readTableFrom } from "#lib/tables/read-table.ts";
import { type Dialect, type Row, unreadable } from "#lib/tables/table.ts";

/** Rows per part; one run reads and writes them. */
export const PART_ROWS = 5_000;
/** A part also ends after this many bytes, because rows may be long. */
export const PART_BYTES = 8 * 1024 * 1024;
/** The parts of one piece of the plan. Reading one piece takes about a second, so a crash loses little work. */
const PIECE_PARTS = 20;

/** The position and number of the next row, and the digest of the rows before it. */
const cursorSchema = z.object({ offset: z.number(), line: z.number(), row: z.number(), digest: z.string() });
type Cursor = z.output<typeof cursorSchema>;
type PlannedPart = Piece["parts"][number];
type Repository = Pick<ImportRepository, "describe" | "fingerprint">;

/**
 * Cuts the next piece of an import's file into parts of whole rows. A part of a slow source ends early, so that it can
 * be read again within one step. This would not help with a packed file, because it is read from its start each time.
 */
export async function planPiece(
  imports: Repository,
  work: ImportRow,
  source: Source,
  from: Json | null,
  time: StepTime,
): Promise<Piece> {
  const cursor = from === null ? undefined : cursorSchema.parse(from);
  const { dialect, rows } = cursor ? goOn(work, source, cursor) : await begin(imports, work, source);
  const start = cursor ?? { offset: 0, line: 1, row: 1, digest: "" };
  // A file in Storage is identified by its ETag; a file at a web address by a digest, after it was read to its end.
  const isDigested = work.fingerprint === null;
  // Once the file is in memory, reading the rest takes almost no time, but the next step would have to load the whole
  // file again.
  const isLate = () => time.isLate() && !source.isInMemory();
  const { parts, next, digest } = await cut(rows, start, { isLate, isDigested, isPacked: dialect.isGzip });
  if (next !== null) return { parts, cursor: next };
  if (cursor === undefined && parts.length === 0) throw noRows();
  if (isDigested) await imports.fingerprint(work.id, digest);
  return { parts, cursor: null, result: { importId: work.id } };
}

const goOn = (work: ImportRow, source: Source, cursor: Cursor) => {
  const dialect = dialectOf(work);
  return { dialect, rows: readTableFrom(source.bytes(dialect.isGzip ? 0 : cursor.offset), dialect, cursor) };
};

/** Detects the format of the file and the field of each column, and stores both for the parts. */
async function begin(imports: Repository, work: ImportRow, source: Source) {
  const { dialect, rows } = await beginReading(source.bytes(0), work.declared_format);
  const mapping = completeMapping(dialect.columns, work.mapping, targetOf(work.target));
  const { version, size: byteCount } = source.facts;
  await imports.describe(work.id, { dialect, mapping, version, byteCount });
  return { dialect, rows };
}

export function dialectOf({ dialect }: ImportRow): Dialect {
  if (dialect) return dialect;
  throw new AppError("internal", "The format of this import's file was not detected yet");
}

type CutOptions = { isLate: () => boolean; isDigested: boolean; isPacked: boolean };

async function cut(rows: AsyncIterable<Row[]>, start: Cursor, { isLate, isDigested, isPacked }: CutOptions) {
  const parts: PlannedPart[] = [];
  let { row: number, digest } = start;
  let open = openPart(number, start);
  const close = (end: number | null) => {
    if (number === open.first) return;
    const bounds = { from: open.offset, line: open.line, until: end };
    parts.push({ first: open.first, last: number - 1, total: number - open.first, bounds });
  };
  for await (const piece of rows) {
    const endsEarly = !isPacked && isLate() ? piece.at(-1) : undefined;
    for (const row of piece) {
      refuseGivenUp(row);
      const rowsOfPart = number - open.first;
      const isFull = rowsOfPart >= PART_ROWS || row.offset - open.offset >= PART_BYTES || row === endsEarly;
      if (rowsOfPart > 0 && isFull) {
        close(row.offset);
        const next: Cursor = { offset: row.offset, line: row.line, row: number, digest };
        if (parts.length >= PIECE_PARTS || isLate()) return { parts, next, digest };
        open = openPart(number, row);
      } else if (rowsOfPart === 0) open = openPart(number, row);
      // The digest is chained row by row and not part by part, because the ends of the parts depend on the speed of the
      // file's host.
      if (isDigested) digest = createHash("sha256").update(digest).update(row.raw).digest("hex");
      number += 1;
    }
  }
  close(null);
  return { parts, next: null, digest };
}

const openPart = (first: number, { offset, line }: { offset: number; line: number }) => ({
  first,
  offset,
  line,
});

/**
 * Throws for a row at which the reader gave up. The reader reads nothing after such a row, so without this error the
 * rest of the file would be left out silently.
 */
function refuseGivenUp(row: Row): void {
  if (!("error" in row) || row.error.code !== "too_many_broken_quotes") return;
  throw unreadable("too_many_broken_quotes", row.error.message, row.error.hint);
}
