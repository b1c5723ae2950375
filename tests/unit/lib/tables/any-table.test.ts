import { isUtf8 } from "node:buffer";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import Papa from "papaparse";
import { expect, test } from "vitest";
import type { Row } from "#lib/tables/table.ts";
import { read, readFrom } from "./support.ts";

const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
const separator = fc.constantFrom(",", ";", "\t", "|");
const encoding = fc.constantFrom("utf-8", "utf-8 with a mark", "utf-16le", "utf-16be", "windows-1252");

const oneOf = (characters: string) => fc.constantFrom(...Array.from(characters));

/** Every character with a meaning in a CSV, and letters of one, two, three and four bytes. */
const anyText = fc.string({
  unit: oneOf("a1 \"',;|\t\n\r.-éß€“日Ⰺ🦉\u0a0d\u2c2c"),
  maxLength: 12,
});
const western = fc.string({ unit: oneOf("a1 \"',;|\t\n\r.-éß€“”ÿ"), maxLength: 12 });
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);

const file = encoding.chain((encoding) =>
  fc
    .record({
      names: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
      lineEnd,
      separator,
      quoteAll: fc.boolean(),
      isGzip: fc.boolean(),
      endsWithLineEnd: fc.boolean(),
      pieceBytes: fc.integer({ min: 1, max: 60 }),
    })
    .chain((how) =>
      fc
        .array(fc.array(encoding === "windows-1252" ? western : anyText, fixed(how.names.length)), {
          maxLength: 12,
        })
        .map((cells) => ({
          encoding,
          ...how,
          cells: cells.filter((row) => row.some((cell) => cell.trim() !== "")),
        })),
    ),
);
const fixed = (length: number) => ({ minLength: length, maxLength: length });
type AnyFile = typeof file extends fc.Arbitrary<infer F> ? F : never;

/** Written as Papa Parse does: quoted where needed, and where spaces would be lost. */
function write({ names, cells, separator, lineEnd, quoteAll, endsWithLineEnd }: AnyFile): string {
  const quotes = (value: unknown) => quoteAll || String(value) !== String(value).trim() || value === "";
  const text = Papa.unparse(
    { fields: names, data: cells },
    { delimiter: separator, newline: lineEnd, quotes },
  );
  return text + (endsWithLineEnd ? lineEnd : "");
}

function encode(text: string, encoding: string): Buffer {
  if (encoding === "utf-16le") return Buffer.from(`\uFEFF${text}`, "utf16le");
  if (encoding === "utf-16be") return Buffer.from(`\uFEFF${text}`, "utf16le").swap16();
  if (encoding === "windows-1252")
    return Buffer.from(Array.from(text, (one) => WINDOWS[one] ?? one.charCodeAt(0)));
  return Buffer.from(encoding === "utf-8" ? text : `\uFEFF${text}`);
}
const WINDOWS: Record<string, number> = { "€": 0x80, "“": 0x93, "”": 0x94 };

const isWestern = (cells: string[][]) => cells.flat().some((cell) => /[^\0-\x7f]/.test(cell));

test("random tables of an independent writer are read back equal, also from any row onward", async () => {
  await fc.assert(
    fc.asyncProperty(file, fc.nat(), async (file, place) => {
      const text = encode(write(file), file.encoding);
      // Two letters of Windows-1252 may happen to be one valid letter of UTF-8.
      fc.pre(file.encoding !== "windows-1252" || !isUtf8(text) || !isWestern(file.cells));
      const bytes = file.isGzip ? gzipSync(text) : text;
      const { dialect, rows } = await read(bytes, {}, file.pieceBytes);
      const expected = file.cells.map((cells) =>
        Object.fromEntries(file.names.map((name, index) => [name, cells[index]])),
      );
      expect(rows.map((row) => ("values" in row ? row.values : row.error))).toEqual(expected);
      if (file.names.length > 1) expect(dialect.separator).toBe(file.separator);
      if (file.encoding === "windows-1252" && isWestern(file.cells))
        expect(dialect.encoding).toBe("windows-1252");

      const from = place % (rows.length + 1);
      const start = rows[from - 1]?.next;
      if (start === undefined) return;
      const part = dialect.isGzip ? bytes : bytes.subarray(start.offset);
      expect((await readFrom(part, dialect, start)).map(withoutBuffer)).toEqual(
        rows.slice(from).map(withoutBuffer),
      );
      const until = rows[from]?.next.offset;
      expect((await readFrom(part, dialect, start, until)).map(withoutBuffer)).toEqual(
        rows.slice(from, from + 1).map(withoutBuffer),
      );
    }),
    { numRuns: Number(process.env["RUNS"] ?? 500) },
  );
});

const withoutBuffer = (row: Row) => ({ ...row, raw: row.raw.toString("latin1") });
