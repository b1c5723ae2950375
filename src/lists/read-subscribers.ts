import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { normalizeAddress } from "#lib/email-address.ts";
import { safeNumber, text } from "#lib/http/fields.ts";
import { isUnstorable } from "#lib/http/json.ts";
import { columnKey } from "#lib/tables/header.ts";
import { rawText, readTable } from "#lib/tables/read-table.ts";
import { ROW_ERRORS, type Row, type RowError, unreadable } from "#lib/tables/table.ts";
import type { Fields } from "#mail/template.ts";

export type NewSubscriber = { email: string; fields: Fields };
/**
 * `line` counts from 1: the lines of a file, or the entries of an array. `offset` counts the bytes before the row in
 * its file.
 */
export type RejectedRow = RowError & { line: number; offset: number | null; raw: string };
export type ReadRow = { row: NewSubscriber } | { rejected: RejectedRow };

const value = z.union([text(2_000), safeNumber, z.boolean(), z.null()]);
const MAX_FIELDS = 50;
const fields = z.record(text(100), value).refine((all) => Object.keys(all).length <= MAX_FIELDS, {
  error: `at most ${MAX_FIELDS} fields`,
});
/** `{ email, name, city }` and `{ email, fields: { name, city } }` are both accepted, because callers send both. */
const entry = z.union([
  z.strictObject({ email: z.string(), fields }),
  z
    .looseObject({ email: z.string() })
    .transform(({ email: address, ...rest }) => ({ email: address, fields: rest })),
]);

/** The rows of a JSON array. */
export function* readJson(rows: readonly unknown[]): Generator<ReadRow> {
  for (const [index, row] of rows.entries()) {
    const parsed = entry.safeParse(row);
    const place = { line: index + 1, offset: null, raw: cut(JSON.stringify(row)) };
    if (parsed.success) yield check(place, parsed.data.email, parsed.data.fields);
    else yield reject(place, "not_an_object", 'an entry is an object with a field "email"');
  }
}

/** The rows of a CSV. The column `email` (also "E-Mail") is the address; every other column is a field. */
export async function* readCsv(csv: Uint8Array): AsyncGenerator<ReadRow> {
  const { dialect, rows } = await readTable([csv], { format: "csv" });
  if (dialect.isGzip) throw unreadable("gzip", "The body is packed by gzip", "Send it unpacked.");
  const column = dialect.columns.find((name) => columnKey(name) === "email");
  if (column === undefined) {
    const message = 'The first line must name the columns, one of them "email"';
    throw unreadable("no_email_column", message, "Write a header line such as email,name,city.");
  }
  if (dialect.columns.length > MAX_FIELDS + 1) {
    const message = `The first line names ${dialect.columns.length} columns: at most ${MAX_FIELDS + 1} are read`;
    throw unreadable("too_many_columns", message, "Remove the columns that are not needed.");
  }
  for await (const piece of rows) for (const row of piece) yield toSubscriber(row, column);
}

function toSubscriber(row: Row, column: string): ReadRow {
  const place = { line: row.line, offset: row.offset, raw: rawText(row) };
  if ("error" in row) return { rejected: { ...place, ...row.error } };
  const { [column]: address, ...fields } = row.values;
  return check(place, String(address), fields, column);
}

type Place = Pick<RejectedRow, "line" | "offset" | "raw">;

function check(place: Place, address: string, given: unknown, column = "email"): ReadRow {
  const email = normalizeAddress(address.trim());
  if (email === undefined) return reject(place, "invalid_email", "not an e-mail address", column);
  const parsed = fields.safeParse(given);
  if (parsed.success) {
    const broken = Object.entries(parsed.data).find((entry) => entry.some(isUnstorableText));
    if (broken === undefined) return { row: { email, fields: parsed.data } };
    return reject(place, "unstorable_text", "unreadable characters", broken[0]);
  }
  const wrong = parsed.error.issues[0]?.path[0];
  return reject(
    place,
    "invalid_field",
    "fields are up to 50 short texts, numbers or booleans",
    wrong?.toString(),
  );
}

const isUnstorableText = (text: unknown): boolean => typeof text === "string" && isUnstorable(text);

const HINTS = {
  ...ROW_ERRORS,
  not_an_object: 'Write entries like {"email": "ada@example.com", "name": "Ada"}.',
  invalid_email: "Write one address like ada@example.com, without a name.",
  invalid_field: "A text has at most 2,000 characters, the name of a field 100.",
} as const;

const reject = (place: Place, code: keyof typeof HINTS, message: string, column?: string): ReadRow => ({
  rejected: { ...place, code, column: column ?? null, message, hint: HINTS[code] },
});
