import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { columnKey } from "#lib/tables/header.ts";
import { HEAD_BYTES } from "#lib/tables/limits.ts";
import { read, readFrom } from "./support.ts";

const refusal = async (bytes: Uint8Array | string) => {
  const error: unknown = await read(bytes).catch((error: unknown) => error);
  if (!(error instanceof AppError)) return "none";
  expect(error).toMatchObject({ code: "unreadable_table", hint: expect.stringMatching(/\w/) });
  return (error.details as { reason: string }).reason;
};
const latin = (text: string) => Buffer.from(text, "latin1");
const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(",");

describe("a file that is no table is refused with its kind", () => {
  test.each([
    ["nothing", "", "empty"],
    ["empty lines alone", "\n\r\n  \n", "empty"],
    ["a byte order mark alone", "\uFEFF", "empty"],
    ["an Excel workbook", "PK\x03\x04\x14\0[Content_Types].xml", "xlsx"],
    ["a ZIP archive", "PK\x03\x04\x14\0people.csv", "zip"],
    [
      "an OpenDocument spreadsheet",
      "PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
      "ods",
    ],
    ["an old Excel workbook", latin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "xls"],
    ["a PDF", "%PDF-1.7\n", "pdf"],
    ["a picture", latin("\x89PNG\r\n\x1a\n"), "image"],
    ["zstd", latin("\x28\xb5\x2f\xfd\x00"), "zstd"],
    ["a login page", '\n<!DOCTYPE html>\n<html lang="en">', "html"],
    ["a login page in UTF-16", Buffer.from("\uFEFF<html><body>", "utf16le"), "html"],
    ["XML", '<?xml version="1.0"?><people/>', "xml"],
    ["a ZIP archive in gzip", gzipSync("PK\x03\x04\x14\0people.csv"), "zip"],
    ["half of a gzip", gzipSync("email\n".repeat(999)).subarray(0, 40), "broken_gzip"],
    [
      "gzip with noise in it",
      Buffer.concat([gzipSync("email\n").subarray(0, 12), Buffer.alloc(40, 7)]),
      "broken_gzip",
    ],
    ["UTF-32", Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), "utf_32"],
    ["a program", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), "binary"],
    ["one JSON object", '{\n  "email": "a@example.com"\n}', "json_object"],
    ["two columns of one name", "email,Name,name\na,b,c\n", "double_column"],
    ["names that differ in a hyphen", "E-Mail;email\na;b\n", "double_column"],
    ["300 columns", `${names(300)}\n`, "too_many_columns"],
    ["a name of 101 characters", `${"n".repeat(101)},b\n`, "column_name_too_long"],
    ["a name that objects have already", "email,__proto__\na,b\n", "reserved_column"],
    ["a header whose quote is not closed", '"email,name\na,b\n', "broken_header"],
    ["a header of 300 KB", `email,"${"n".repeat(300_000)}"\n`, "broken_header"],
  ])("%s", async (_, bytes, reason) => {
    expect(await refusal(bytes)).toBe(reason);
  });

  test("a gzip bomb is given up early", async () => {
    const bomb = gzipSync(
      Buffer.concat([Buffer.from("email\n"), Buffer.alloc(30_000_000, `${"a".repeat(9999)}\n`)]),
    );
    expect(await refusal(bomb)).toBe("compressed_too_much");
  });
});

describe("the lines of a file", () => {
  test("may have mixed line ends, and none is lost", async () => {
    const { rows } = await read("email,n\na,1\r\nb,2\rc,3\n\rd,4\r\n\r\ne,5", {}, 1);
    expect(rows.map((row) => [row.line, "values" in row && row.values["email"]])).toEqual([
      [2, "a"],
      [3, "b"],
      [4, "c"],
      [6, "d"],
      [8, "e"],
    ]);
  });

  test("keep their number and offset after cells with line breaks", async () => {
    const text = 'email,n\n"a","1\r\n2\r3\n4"\nb,2\n';
    const { rows } = await read(text);
    expect(rows.map(({ line, offset, raw }) => [line, offset, raw.toString()])).toEqual([
      [2, 8, '"a","1\r\n2\r3\n4"\n'],
      [6, 23, "b,2\n"],
    ]);
  });

  test("are skipped when all their cells are empty", async () => {
    expect((await read("a;b;\n;;\n\n1;2;\n ; \n;;;;\n")).short).toEqual([{ a: "1", b: "2" }]);
  });
});

describe("the separator of a CSV is detected", () => {
  test.each([
    ["commas", "a,b\n1,2\n", ","],
    ["separators in quotes are not counted", '"a,x,y,z";b\n"1,5";2\n', ";"],
    ["as many separators in quotes in each line", '"a,x,y";b\n"1,5,6";2\n', ";"],
    ["quotes in quotes", '"a "","" ,,";b\n1;2\n', ";"],
    ["a header with a comma in a name", "name, first, last;email\na;b\nc;d\n", ";"],
    ["declared as Excel does", "sep=;\na,x;b\n1;2\n", ";"],
    ["declared, with a mark, in quotes", '\uFEFF"sep=|"\r\na|b\r\n1|2', "|"],
    ["one column whose cells have commas", "text\na,b\nc,d\n", ";"],
  ])("%s", async (_, text, separator) => {
    const { dialect, rows } = await read(text);
    expect(dialect.separator).toBe(separator);
    expect(rows.every((row) => "values" in row)).toBe(true);
  });

  test("a given separator and encoding are used without detection", async () => {
    const { short } = await read(latin("a,b|c\n\xe9,2|\xdf\n"), { separator: "|", encoding: "windows-1252" });
    expect(short).toEqual([{ "a,b": "é,2", c: "ß" }]);
  });

  test.each(["utf16le", "swapped"])("UTF-16 without a byte order mark is detected (%s)", async (order) => {
    const bytes = Buffer.from("name,city\nZoë,Łódź\n", "utf16le");
    expect((await read(order === "swapped" ? bytes.swap16() : bytes)).short).toEqual([
      { name: "Zoë", city: "Łódź" },
    ]);
  });

  test.each(["E-Mail", "e_mail", " EMAIL ", "e mail", "Ｅｍａｉｌ"])(
    "%j is read as the column email",
    (name) => {
      expect(columnKey(name)).toBe("email");
    },
  );
});

describe("a broken row does not affect its neighbors", () => {
  test.each([
    ["too many cells", "a,b\n1,2\n1,2,3\n3,4\n", ["3: too_many_cells"]],
    ["too few cells", "a,b\n1,2\n1\n3,4\n", ["3: too_few_cells (b)"]],
    ["a quote that is not closed", 'a,b\n1,2\n1,"2\n3,4\n', ["3: broken_quote"]],
    [
      "a quote that another line would close",
      'a,b\n1,2\n"1,2\n3,4\n5,"6"\n',
      ["3: broken_quote", { a: "5", b: "6" }],
    ],
    ["text behind a quote", 'a,b\n1,2\n"1"x,2\n3,4\n', ["3: broken_quote"]],
    ["text and a space behind a quote", 'a,b\n1,2\n1,"2" x\n3,4\n', ["3: broken_quote"]],
    ["a NUL character", "a,b\n1,2\n1,\0\n3,4\n", ["3: unstorable_text (b)"]],
    ["a row of 300 KB", `a,b\n1,2\n1,${"x".repeat(300_000)}\n3,4\n`, ["3: row_too_large"]],
    ["a row of 300,000 empty cells", `a,b\n1,2\n${",".repeat(300_000)}\n3,4\n`, ["3: row_too_large"]],
    ["a row of 300 cells", `a,b\n1,2\n${names(300)}\n3,4\n`, ["3: too_many_cells"]],
  ])("%s", async (_, text, wrong) => {
    const [first, ...rest] = wrong;
    const expected = [{ a: "1", b: "2" }, first, { a: "3", b: "4" }, ...rest];
    for (const size of [50_000, 3]) {
      if (size === 3 && text.length > 1000) continue;
      expect((await read(text, {}, size)).short).toEqual(expected);
    }
  });

  test("quotes inside an unquoted cell are kept as they are", async () => {
    const { short } = await read('name,size\nRobert "Bob" Smith,5"\n Ada , "x, y" \n');
    expect(short).toEqual([
      { name: 'Robert "Bob" Smith', size: '5"' },
      { name: "Ada", size: "x, y" },
    ]);
  });

  test("a row in another encoding than the rest is reported with its column", async () => {
    const start = `email,name\n${"a@example.com,Ada\n".repeat(20_000)}`;
    const { rows } = await read(Buffer.concat([Buffer.from(start), latin("b@example.com,Zo\xeb\n")]));
    expect(rows.length).toBe(20_001);
    expect(rows.at(-1)).toMatchObject({ line: 20_002, error: { code: "invalid_encoding", column: "name" } });
  });

  test("after 5,000 broken quotes reading stops with an error", async () => {
    const { short } = await read(`a,b\n${'"1"x,2\n'.repeat(5_050)}3,4\n`);
    expect(short.length).toBe(5_001);
    expect(short.at(-1)).toBe("5002: too_many_broken_quotes");
  });
});

describe("JSON", () => {
  const expected = [{ a: 1 }, "2: not_an_object", "3: invalid_json", { a: 'x "]},{' }];

  test.each([1, 1000])("one object per line is read in pieces of %i bytes", async (size) => {
    const { dialect, short } = await read('{"a":1}\n[1]\r\n{"a"\n\n{"a":"x \\"]},{"}', {}, size);
    expect(dialect.format).toBe("ndjson");
    expect(short).toEqual(expected);
  });

  test("a row that is nested 5,000 deep, or whose number would be rounded, is rejected alone", async () => {
    const deep = `{"a":${"[".repeat(5000)}"\\u0041"${"]".repeat(5000)}}`;
    const { short } = await read(`{"a":1}\n${deep}\n{"a":9007199254740993}\n{"a":2}`);
    expect(short).toEqual([{ a: 1 }, "2: invalid_json", "3: invalid_json", { a: 2 }]);
  });

  test.each([1, 1000])("an array is read in pieces of %i bytes", async (size) => {
    const { dialect, short } = await read(' [ {"a":1}, [1],\n{"a"}, {"a":"x \\"]},{"} ]\n', {}, size);
    expect(dialect.format).toBe("json");
    expect(short).toEqual(expected);
  });

  test("reading of an array can continue at any entry", async () => {
    const bytes = Buffer.from('\uFEFF[{"a":1},{"a":[2,{}]} ,{"a":"é"}]', "utf16le");
    const { dialect, rows } = await read(bytes);
    for (const [index, { next }] of rows.entries()) {
      const rest = await readFrom(bytes.subarray(next.offset), dialect, next);
      expect(rest.map(({ line, offset }) => ({ line, offset }))).toEqual(
        rows.slice(index + 1).map(({ line, offset }) => ({ line, offset })),
      );
    }
  });

  test.each(['[{"a":1},', '[{"a":1},{"a"', '[{"a":1},"x]'])(
    "%s is reported as an array that is not closed",
    async (text) => {
      expect((await read(text)).short).toEqual([{ a: 1 }, "2: array_not_closed"]);
    },
  );

  test("text that Postgres cannot store and rows that are too large are reported", async () => {
    const large = JSON.stringify({ a: "x".repeat(300_000) });
    const rows = ['{"a":"\\u0000"}', '{"\\ud800":1}', large, '{"a":1}'];
    const codes = ["1: unstorable_text", "2: unstorable_text", "3: row_too_large", { a: 1 }];
    expect((await read(rows.join("\n"), {}, 9999)).short).toEqual(codes);
    expect((await read(`[${rows.join(",")}]`, {}, 9999)).short).toEqual(codes);
  });
});

test.each(["é", "€", "😀"])(
  "UTF-8 is detected although the bytes that are looked at end within %s",
  async (character) => {
    for (let cut = 1; cut < Buffer.byteLength(character); cut++) {
      const start = "email,name\na@example.com,".padEnd(HEAD_BYTES - cut - 2, "x");
      const { dialect } = await read(`${start}\n,${character}\n`, {}, HEAD_BYTES);
      expect(dialect.encoding).toBe("utf-8");
    }
  },
);

test.each([
  ["CSV", (value: string) => `email,note\na@example.com,${value}\nb@example.com,x\n`],
  ["NDJSON", (value: string) => `{"email":"a"}\n{"note":"${value}"}\n{"email":"b"}\n`],
  ["a JSON array", (value: string) => `[{"email":"a"},{"note":"${value}"},{"email":"b"}]`],
])("only the beginning of a row of a megabyte is kept in memory: %s", async (_, file) => {
  const { rows } = await read(file("x".repeat(1024 * 1024)));
  const tooLarge = rows.filter((row) => "error" in row);
  expect(tooLarge).toMatchObject([{ error: { code: "row_too_large" } }]);
  expect(tooLarge[0]?.raw.length).toBeLessThanOrEqual(4096);
  expect(rows.at(-1)).toMatchObject({ values: { email: expect.stringMatching(/^b/) } });
});
