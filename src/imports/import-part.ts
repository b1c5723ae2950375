import { z } from "zod";
import { type Convert, createConvert, toReject } from "#imports/convert.ts";
import { dialectOf } from "#imports/plan-import.ts";
import { isAboutContent } from "#imports/refused-content.ts";
import type { ImportRepository } from "#imports/repository.ts";
import type { ImportRow, Reject, WrittenRow } from "#imports/rows.ts";
import type { Source } from "#imports/source.ts";
import { targetOf } from "#imports/targets.ts";
import type { Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import { storableJson } from "#lib/storable.ts";
import { readTableFrom } from "#lib/tables/read-table.ts";
import type { Row } from "#lib/tables/table.ts";

/** Rows per statement. */
const SET_ROWS = 2_500;
/** The most bytes of the file per statement: when rows are long, a statement writes fewer than `SET_ROWS`. */
const SET_BYTES = 2 * 1024 * 1024;

type Repository = Pick<ImportRepository, "write">;
type Item = { row: WrittenRow; source: Row } | { reject: Reject };
const boundsSchema = z.object({ from: z.number(), line: z.number(), until: z.number().nullable() });

/** Writes the rows of a part in sets of rows, from the part's position on. */
export async function importPart(
  imports: Repository,
  work: ImportRow,
  source: Source,
  part: Part,
  time: StepTime,
): Promise<Worked> {
  const convert = converterOf(work);
  let set: Item[] = [];
  let [number, bytes] = [part.first, 0];
  const write = async () => {
    const state = await writeSet(imports, part, number - set.length, set);
    [set, bytes] = [[], 0];
    return state;
  };
  for await (const piece of rowsOf(work, source, part)) {
    for (const row of piece) {
      // The rows before `part.next` were written before the part was interrupted.
      if (number >= part.next) {
        const item = convert(row, number);
        set.push("row" in item ? { ...item, source: row } : item);
        bytes += row.raw.length;
      }
      number += 1;
      if (number > part.last + 1) throw hasOtherRows();
      if (set.length < SET_ROWS && bytes < SET_BYTES) continue;
      const state = await write();
      if (state !== "open" || time.isLate()) return state;
    }
  }
  if (number !== part.last + 1) throw hasOtherRows();
  return set.length > 0 ? write() : "done";
}

function converterOf(work: ImportRow): Convert {
  if (work.mapping === null) throw new AppError("internal", "The columns of this import have no mapping yet");
  return createConvert({ target: targetOf(work.target), mapping: work.mapping, absent: work.absent });
}

function rowsOf(work: ImportRow, source: Source, { bounds }: Part): AsyncIterable<Row[]> {
  const { from, line, until } = boundsSchema.parse(bounds);
  const dialect = dialectOf(work);
  const bytes = dialect.isGzip ? source.bytes(0) : source.bytes(from, until ?? undefined);
  return readTableFrom(bytes, dialect, { offset: from, line }, until ?? undefined);
}

/** Without ETags, a changed file is noticed only when its rows are counted. */
const hasOtherRows = () =>
  new AppError("file_changed", "The file has other rows than when the import was planned");

/**
 * Writes the whole set in one statement. When the database refuses the content, each half is tried, then halves of the
 * halves, until only the row that the database refuses is rejected.
 */
async function writeSet(imports: Repository, part: Part, from: number, set: Item[]): Promise<Worked> {
  const rows = set.flatMap((item) => ("row" in item ? [item.row] : []));
  const rejects = set.flatMap((item) => ("reject" in item ? [item.reject] : []));
  try {
    return await writeAtOnce(() => imports.write(part, from, from + set.length, rows, rejects));
  } catch (error) {
    if (!isAboutContent(error)) throw error;
    const [only] = set;
    if (set.length === 1 && only && "row" in only) return writeSet(imports, part, from, [refused(only)]);
    if (set.length === 1) throw error;
  }
  const middle = Math.ceil(set.length / 2);
  const state = await writeSet(imports, part, from, set.slice(0, middle));
  return state === "open" ? writeSet(imports, part, from + middle, set.slice(middle)) : state;
}

/** A concurrent transaction wrote a row with the same key first; a retry succeeds. */
async function writeAtOnce(write: () => Promise<Worked>): Promise<Worked> {
  for (let left = TRIES; ; left--) {
    try {
      return await write();
    } catch (error) {
      if (codeOf(error) !== "database_unavailable" || left === 1) throw error;
    }
  }
}
const TRIES = 3;

function refused({ row, source }: { row: WrittenRow; source: Row }): Item {
  const error = {
    code: "not_stored",
    column: null,
    message: "The database refused this row",
    hint: "Look for a value that is much too long, or that the table does not allow.",
  };
  return { reject: toReject(source, row.n, error, "values" in source ? storableJson(source.values) : null) };
}
