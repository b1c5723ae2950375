import { Readable } from "node:stream";
import { setImmediate as yieldToOthers } from "node:timers/promises";
import { type Options, parse } from "csv-parse";
import { z } from "zod";
import { safeNumber, text } from "#lib/http/fields.ts";
import { isUnstorable } from "#lib/http/json.ts";
import type { Fields } from "#mail/template.ts";

export type NewSubscriber = { email: string; fields: Fields };
/** `line` counts as people do: the first line of a file and the first entry of an array are 1. */
export type RejectedRow = { line: number; reason: string };
export type ReadRow = { row: NewSubscriber } | { rejected: RejectedRow };

const email = z.email().max(320);
const value = z.union([text(2_000), safeNumber, z.boolean(), z.null()]);
const MAX_FIELDS = 50;
const fields = z.record(text(100), value).refine((all) => Object.keys(all).length <= MAX_FIELDS, {
  error: `at most ${MAX_FIELDS} fields`,
});
/** `{ email, name, city }` or `{ email, fields: { name, city } }`: both are what people send. */
const entry = z.union([
  z.strictObject({ email: z.string(), fields }),
  z
    .looseObject({ email: z.string() })
    .transform(({ email: address, ...rest }) => ({ email: address, fields: rest })),
]);

/** Rows of a JSON array. */
export function* readJson(rows: readonly unknown[]): Generator<ReadRow> {
  for (const [index, row] of rows.entries()) {
    const parsed = entry.safeParse(row);
    if (parsed.success) yield check(index + 1, parsed.data.email, parsed.data.fields);
    else yield reject(index + 1, 'an entry is an object with a field "email"');
  }
}

/**
 * Rows of a CSV with a header line; the column `email` (in any case) is the address, every other column a field.
 * Separated by commas, semicolons or tabs, with or without a byte order mark.
 */
export async function* readCsv(text: string): AsyncGenerator<ReadRow> {
  let unreadable: string | undefined;
  const options: Options = {
    bom: true,
    delimiter: separatorOf(text),
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
    info: true,
    max_record_size: MOST_BYTES_PER_ROW,
    // An error would take lines before it along; skipped, it ends the reading.
    skip_records_with_error: true,
    on_skip: (error) => {
      unreadable = REASONS[error?.code ?? ""] ?? "a quote ends inside a cell";
    },
  };
  let names: string[] | undefined;
  let line = 0;
  for await (const item of Readable.from(piecesOf(text)).pipe(parse(options))) {
    const { record, info } = csvRow.parse(item);
    line = info.lines;
    if (names === undefined) {
      names = record.map((name) => (name.toLowerCase() === "email" ? "email" : name));
      if (names.length > MAX_FIELDS + 1) {
        yield reject(1, `the first line names ${names.length} columns: at most ${MAX_FIELDS + 1} are read`);
        return;
      }
      if (!names.includes("email")) {
        yield reject(1, 'the first line must name the columns, one of them "email"');
        return;
      }
    } else yield readCells(line, names, record);
  }
  if (unreadable !== undefined) yield reject(line + 1, `${unreadable}: nothing was read from here on`);
}

/** Fifty fields of 2,000 characters each. */
const MOST_BYTES_PER_ROW = 256 * 1024;
const REASONS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  CSV_MAX_RECORD_SIZE: `a row is longer than ${MOST_BYTES_PER_ROW} bytes`,
};

/** The parser reads a piece in one go, and takes the next one when its rows are read: no more rows are in memory. */
const PIECE_BYTES = 16 * 1024;

/** Others get their turn after each piece. */
async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    await yieldToOthers();
    yield bytes.subarray(at, at + PIECE_BYTES);
  }
}

const csvRow = z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) });

function readCells(line: number, names: readonly string[], cells: readonly string[]): ReadRow {
  if (cells.length > names.length) return reject(line, `${cells.length} cells under ${names.length} columns`);
  const all = Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ""]));
  const { email: address = "", ...rest } = all;
  return check(line, address, rest);
}

function check(line: number, address: string, given: unknown): ReadRow {
  const parsedEmail = email.safeParse(address.trim());
  if (!parsedEmail.success) return reject(line, "not an e-mail address");
  const parsedFields = fields.safeParse(given);
  if (!parsedFields.success) return reject(line, "fields are up to 50 short texts, numbers or booleans");
  if (Object.entries(parsedFields.data).flat().some(isUnstorableText))
    return reject(line, "unreadable characters");
  return { row: { email: parsedEmail.data, fields: parsedFields.data } };
}

const isUnstorableText = (text: unknown): boolean => typeof text === "string" && isUnstorable(text);

const reject = (line: number, reason: string): ReadRow => ({ rejected: { line, reason } });

/** The one that the header line has most of. */
function separatorOf(text: string): string {
  const header = text.slice(0, text.search(/\r?\n|$/));
  const count = (separator: string) => header.split(separator).length;
  return [",", ";", "\t"].reduce((best, next) => (count(next) > count(best) ? next : best));
}
