import { parse } from "csv-parse";
import { z } from "zod";
import { isUnstorable } from "#lib/http/request-body.ts";
import type { Fields } from "#mail/template.ts";

export type NewSubscriber = { email: string; fields: Fields };
/** `line` counts as people do: the first line of a file and the first entry of an array are 1. */
export type RejectedRow = { line: number; reason: string };
export type ReadRow = { row: NewSubscriber } | { rejected: RejectedRow };

const email = z.email().max(320);
const value = z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]);
const MAX_FIELDS = 50;
const fields = z.record(z.string().max(100), value).refine((all) => Object.keys(all).length <= MAX_FIELDS, {
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
  const parser = parse(text, {
    bom: true,
    delimiter: separatorOf(text),
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
    info: true,
    // An error would take lines before it along; skipped, it ends the reading.
    skip_records_with_error: true,
    on_skip: (error) => {
      unreadable =
        error?.code === "CSV_QUOTE_NOT_CLOSED" ? "a quote is not closed" : "a quote ends inside a cell";
    },
  });
  let names: string[] | undefined;
  let line = 0;
  for await (const item of parser) {
    const { record, info } = csvRow.parse(item);
    line = info.lines;
    if (names === undefined) {
      names = record.map((name) => (name.toLowerCase() === "email" ? "email" : name));
      if (!names.includes("email")) {
        yield reject(1, 'the first line must name the columns, one of them "email"');
        return;
      }
    } else yield readCells(line, names, record);
  }
  if (unreadable !== undefined) yield reject(line + 1, `${unreadable}: nothing was read from here on`);
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
