import { AppError } from "#lib/errors.ts";

export const SEPARATORS = [",", ";", "\t", "|"] as const;
export type Format = "csv" | "ndjson" | "json";
export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
export type Separator = (typeof SEPARATORS)[number];

/** The format of a file, as a later reader needs it to continue in the middle of the file. Plain JSON. */
export type Dialect = {
  format: Format;
  encoding: Encoding;
  isGzip: boolean;
  /** The separator of a CSV; null for JSON. */
  separator: Separator | null;
  /** The names in a CSV's header, in order. "" is a column without a name, whose cells are ignored. */
  columns: string[];
};

/**
 * A position between two rows. `offset` counts the bytes of the unpacked file. `line` counts from 1: lines of a file,
 * or entries of an array.
 */
export type Position = { offset: number; line: number };

export const ROW_ERRORS = {
  too_many_cells: "Put a cell that contains the separator in quotes.",
  too_few_cells: "Give every line as many cells as the header has columns; a cell may be empty.",
  broken_quote: 'Put the whole cell in quotes, and write a quote inside it twice: "5"" pipe".',
  too_many_broken_quotes: "Export the file again with every cell in quotes.",
  row_too_large: "Shorten the cells of this row, or close the quote that begins in it.",
  invalid_encoding: "Save the whole file as UTF-8, or name its encoding.",
  unstorable_text: "Remove the NUL character or the half of a surrogate pair.",
  invalid_json: "Write one JSON object for each row.",
  not_an_object: 'A row is an object, for instance {"email": "ada@example.com"}.',
  array_not_closed: "The file ends too early: upload the whole of it.",
} as const;
export type RowErrorCode = keyof typeof ROW_ERRORS;

export type RowError = { code: string; column: string | null; message: string; hint: string };

/** One row of the file: its values by column name, or the error that says why it has none. */
export type Row = {
  offset: number;
  line: number;
  /** The position where the next row begins. */
  next: Position;
  /** The row as it is in the file, in UTF-8. Of a row that is too large, only the beginning. */
  raw: Buffer;
} & ({ values: Readonly<Record<string, unknown>> } | { error: RowError });

export const rowError = (code: RowErrorCode, message: string, column?: string): RowError => ({
  code,
  column: column ?? null,
  message,
  hint: ROW_ERRORS[code],
});

/** The error for a file that cannot be read at all. Programs read `reason`. */
export const unreadable = (reason: string, message: string, hint: string, cause?: unknown): AppError =>
  new AppError("unreadable_table", message, { hint, details: { reason }, cause });
