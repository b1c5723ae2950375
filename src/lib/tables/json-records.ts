import { AppError } from "#lib/errors.ts";
import { isUnstorable, refuseHostileJson } from "#lib/http/json.ts";
import { nextLineAt } from "#lib/tables/bytes.ts";
import { MAX_ROW_BYTES } from "#lib/tables/limits.ts";
import { type Encoding, type Position, type Row, type RowError, rowError } from "#lib/tables/table.ts";
import { UnfinishedRow } from "#lib/tables/unfinished-row.ts";

/** Splits NDJSON into rows: one JSON object per line. */
export class JsonLines {
  readonly #row: UnfinishedRow;
  #at: Position;

  constructor(encoding: Encoding, at: Position) {
    this.#row = new UnfinishedRow(encoding);
    this.#at = at;
  }

  read(bytes: Buffer, isLast: boolean): Row[] {
    this.#row.append(bytes);
    const rows: Row[] = [];
    for (;;) {
      const end = this.#row.bytes.length === 0 ? undefined : nextLineAt(this.#row.bytes, 0, isLast);
      if (end === undefined) break;
      const { raw, length, lengthInFile } = this.#row.take(end);
      const { offset, line } = this.#at;
      this.#at = { offset: offset + lengthInFile, line: line + 1 };
      if (!isBlank(raw)) rows.push({ offset, line, next: this.#at, raw, ...toValues(raw, length) });
    }
    this.#row.dropIfTooLarge();
    return rows;
  }
}

/** Splits a JSON array into its entries; an entry's line is its number in the array. */
export class JsonArray {
  readonly #row: UnfinishedRow;
  #at: Position;
  /** How many bytes of `#row` have been scanned. */
  #seen = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasEnded = false;

  readonly #mustClose: boolean;

  /** Starts after the array's opening bracket, or at the `next` of a row. */
  constructor(encoding: Encoding, at: Position, mustClose: boolean) {
    this.#row = new UnfinishedRow(encoding);
    this.#at = at;
    this.#mustClose = mustClose;
  }

  read(bytes: Buffer, isLast: boolean): Row[] {
    if (this.#hasEnded) return [];
    this.#row.append(bytes);
    const rows: Row[] = [];
    while (!this.#hasEnded && this.#seen < this.#row.bytes.length) {
      const byte = this.#row.bytes[this.#seen++] ?? 0;
      if (!this.#endsEntry(byte)) continue;
      this.#hasEnded = byte === BRACKET_CLOSE;
      // When the array has ended, its closing bracket is not read with the last entry. So a reader that continues after
      // this entry sees that the array ends.
      this.#push(rows, this.#row.take(this.#hasEnded ? this.#seen - 1 : this.#seen));
      this.#seen = 0;
    }
    if (isLast && !this.#hasEnded && (this.#mustClose || !isBlank(this.#row.bytes))) this.#pushUnclosed(rows);
    this.#row.dropIfTooLarge();
    this.#seen = this.#row.bytes.length;
    return rows;
  }

  #push(rows: Row[], { raw, length, lengthInFile }: ReturnType<UnfinishedRow["take"]>): void {
    const { offset, line } = this.#at;
    const isNone = this.#hasEnded && isBlank(raw);
    this.#at = { offset: offset + lengthInFile, line: line + 1 };
    const text = this.#hasEnded || raw.length < length ? raw : raw.subarray(0, -1);
    if (!isNone) rows.push({ offset, line, next: this.#at, raw: text, ...toValues(text, length) });
  }

  #pushUnclosed(rows: Row[]): void {
    const { raw, lengthInFile } = this.#row.take(this.#row.bytes.length);
    const { offset, line } = this.#at;
    const error = rowError("array_not_closed", "The JSON array is not closed: its end is missing");
    rows.push({ offset, line, next: { offset: offset + lengthInFile, line: line + 1 }, raw, error });
  }

  #endsEntry(byte: number): boolean {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (this.#isInString && byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = !this.#isInString;
    else if (!this.#isInString) {
      if (this.#depth === 0 && (byte === COMMA || byte === BRACKET_CLOSE)) return true;
      if (byte === BRACE_OPEN || byte === BRACKET_OPEN) this.#depth += 1;
      if (byte === BRACE_CLOSE || byte === BRACKET_CLOSE) this.#depth = Math.max(0, this.#depth - 1);
    }
    return false;
  }
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [BRACKET_OPEN, BRACKET_CLOSE, BRACE_OPEN, BRACE_CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

const isBlank = (raw: Buffer): boolean =>
  raw.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));

function toValues(raw: Buffer, length: number): { values: Record<string, unknown> } | { error: RowError } {
  if (length > MAX_ROW_BYTES) {
    return { error: rowError("row_too_large", `The row is larger than ${MAX_ROW_BYTES} bytes`) };
  }
  let value: unknown;
  try {
    const text = utf8.decode(raw);
    refuseHostileJson(text);
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof AppError ? error.message : "The row is not valid JSON in UTF-8";
    return { error: rowError("invalid_json", message) };
  }
  if (!isObject(value)) return { error: rowError("not_an_object", "The row is no JSON object") };
  if (raw.includes("\\u") && hasUnstorableText(value)) {
    return { error: rowError("unstorable_text", "The row has a NUL character or half of a surrogate pair") };
  }
  return { values: value };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function hasUnstorableText(value: object): boolean {
  let found = false;
  JSON.stringify(value, (key, member: unknown) => {
    found ||= isUnstorable(key) || (typeof member === "string" && isUnstorable(member));
    return member;
  });
  return found;
}
