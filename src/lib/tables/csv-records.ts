import { setImmediate } from "node:timers/promises";
import { Parser } from "csv-parse";
import { parse as parseAlone } from "csv-parse/sync";
import { countLineEnds, nextLineAt } from "#lib/tables/bytes.ts";
import { MAX_BROKEN_QUOTES, MAX_ROW_BYTES } from "#lib/tables/limits.ts";
import { type Dialect, type Position, type RowError, rowError } from "#lib/tables/table.ts";
import { UnfinishedRow } from "#lib/tables/unfinished-row.ts";

export type CsvRecord = { offset: number; line: number; next: Position; raw: Buffer } & (
  | { cells: string[] }
  | { error: RowError }
);
type CsvDialect = Pick<Dialect, "encoding" | "separator">;
type Taken = ReturnType<UnfinishedRow["take"]>;

/**
 * Cuts a CSV into records. When csv-parse stops (at a misplaced quote, or a record that does not end), only that line
 * is set aside, and a new parser continues with the next line. So one broken line does not affect the others.
 */
export class CsvRecords {
  readonly #separator: string;
  readonly #row: UnfinishedRow;
  /** The parser, which has read all bytes of `#row`; undefined while a broken line is set aside. */
  #parser: Parser | undefined;
  #at: Position;
  /** How many bytes of UTF-8 come before the first unfinished record. */
  #passed = 0;
  #found: CsvRecord[] = [];
  #setAsideCount = 0;

  constructor({ separator, encoding }: CsvDialect, at: Position) {
    this.#separator = separator ?? ",";
    this.#row = new UnfinishedRow(encoding);
    this.#at = at;
    this.#parser = this.#newParser();
  }

  /** The records that end within these bytes. The last call also ends the last record. */
  async read(bytes: Buffer, isLast: boolean): Promise<CsvRecord[]> {
    if (this.#setAsideCount > MAX_BROKEN_QUOTES) return [];
    this.#row.append(bytes);
    let unseen = bytes;
    for (;;) {
      const fits = this.#parser !== undefined && (await parseBytes(this.#parser, unseen, isLast));
      if (fits && this.#row.bytes.length <= MAX_ROW_BYTES) break;
      this.#parser = undefined;
      if (!this.#setLineAside(isLast)) break;
      if (this.#setAsideCount % 100 === 0) await setImmediate();
      if (this.#setAsideCount > MAX_BROKEN_QUOTES) break;
      this.#parser = this.#newParser();
      unseen = this.#row.bytes;
    }
    return this.#found.splice(0);
  }

  #newParser(): Parser {
    const start = this.#passed;
    const parser = new Parser({
      ...parserOptions(this.#separator),
      // Returns nothing, so that csv-parse does not add the record to its own queue.
      on_record: (cells: string[], { bytes }) => {
        this.#addRecord(this.#row.take(start + bytes - this.#passed), cells);
        return undefined;
      },
    });
    return parser.on("error", () => undefined);
  }

  #addRecord(taken: Taken, cells: string[]): void {
    this.#add(
      taken,
      countLineEnds(taken.raw),
      taken.length > MAX_ROW_BYTES ? { error: tooLarge() } : { cells },
    );
  }

  #add(
    { raw, length, lengthInFile }: Taken,
    lines: number,
    found: { cells: string[] } | { error: RowError },
  ) {
    const { offset, line } = this.#at;
    this.#passed += length;
    this.#at = { offset: offset + lengthInFile, line: line + lines };
    this.#found.push({ offset, line, next: this.#at, raw, ...found });
  }

  /** False when the end of the line has not arrived yet. */
  #setLineAside(isLast: boolean): boolean {
    const end = this.#row.bytes.length === 0 ? undefined : nextLineAt(this.#row.bytes, 0, isLast);
    if (end === undefined) {
      this.#row.dropIfTooLarge();
      return false;
    }
    const taken = this.#row.take(end);
    this.#setAsideCount += 1;
    this.#add(taken, 1, taken.length > MAX_ROW_BYTES ? { error: tooLarge() } : this.#readAlone(taken.raw));
    return true;
  }

  /** Reads a line with quotes inside an unquoted cell literally: `Robert "Bob" Smith`. */
  #readAlone(raw: Buffer): { cells: string[] } | { error: RowError } {
    if (this.#setAsideCount > MAX_BROKEN_QUOTES) {
      const message = `${MAX_BROKEN_QUOTES} lines have quotes that make no sense: nothing is read from here on`;
      return { error: rowError("too_many_broken_quotes", message) };
    }
    try {
      const [cells, ...more] = parseAlone(raw, { ...parserOptions(this.#separator), relax_quotes: true });
      if (cells && more.length === 0 && !cells.some((cell) => cell.startsWith('"'))) return { cells };
    } catch {}
    return { error: rowError("broken_quote", "A quote in this line is not closed, or ends inside a cell") };
  }
}

const tooLarge = () => rowError("row_too_large", `The row is larger than ${MAX_ROW_BYTES} bytes`);

const parserOptions = (separator: string) => ({
  delimiter: separator,
  record_delimiter: ["\r\n", "\n", "\r"],
  trim: true,
  relax_column_count: true,
  max_record_size: 0,
});

/** False when the parser cannot continue. */
const parseBytes = (parser: Parser, bytes: Buffer, isLast: boolean): Promise<boolean> =>
  new Promise((resolve) => {
    const done = (error?: Error | null) => resolve(!error);
    if (isLast) parser.end(bytes, done);
    else parser.write(bytes, done);
  });
