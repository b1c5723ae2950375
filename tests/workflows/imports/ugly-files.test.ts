import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());

const latin = (text: string) => Buffer.from(text, "latin1");
const le16 = (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le");
const names = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(",");
const long = (length: number) => "x".repeat(length);
const bytes = (...numbers: number[]) => Buffer.from(numbers);

describe("a file that is no table ends the import with the reason", () => {
  test.each<[string, string | Buffer, string]>([
    ["nothing", "", "empty"],
    ["empty lines", "\n\r\n  \n", "empty"],
    ["a byte order mark", "\uFEFF", "empty"],
    ["a header alone", "email,name\n", "no_rows"],
    ["a header and empty rows", "email,name\n,\n\n , \n", "no_rows"],
    ["an empty JSON array", "[]", "no_rows"],
    ["an Excel workbook", "PK\x03\x04\x14\0[Content_Types].xml", "xlsx"],
    ["an old Excel workbook", latin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "xls"],
    [
      "an OpenDocument spreadsheet",
      "PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
      "ods",
    ],
    ["a ZIP archive", "PK\x03\x04\x14\0people.csv", "zip"],
    ["a ZIP archive in gzip", gzipSync("PK\x03\x04\x14\0people.csv"), "zip"],
    ["a PDF", "%PDF-1.7\n", "pdf"],
    ["a picture", latin("\x89PNG\r\n\x1a\n"), "image"],
    ["zstd", latin("\x28\xb5\x2f\xfd\x00"), "zstd"],
    ["a login page", '\n<!DOCTYPE html>\n<html lang="en">', "html"],
    ["a login page in UTF-16", le16("<html><body>"), "html"],
    ["XML", '<?xml version="1.0"?><people/>', "xml"],
    ["one JSON object", '{\n  "email": "a@example.com"\n}', "json_object"],
    ["UTF-32", bytes(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), "utf_32"],
    ["a program", bytes(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0), "binary"],
    ["a truncated gzip file", gzipSync("email\n".repeat(999)).subarray(0, 40), "broken_gzip"],
    ["a gzip bomb", gzipSync(`email\n${"a@example.com\n".repeat(2_000_000)}`), "compressed_too_much"],
    ["300 columns", `email,${names(300)}\nx\n`, "too_many_columns"],
    ["two columns of one name", "email,Name,name\na,b,c\n", "double_column"],
    ["names that differ in a hyphen", "E-Mail;email\na;b\n", "double_column"],
    ["a name of 101 characters", `email,${long(101)}\na,b\n`, "column_name_too_long"],
    ["a column name that every JavaScript object has", "email,__proto__\na,b\n", "reserved_column"],
    ["a header whose quote is not closed", '"email,name\na,b\n', "broken_header"],
    ["no column for the address", "name,city\nAda,London\n", "no_email_column"],
    ["no header", "ada@example.com,Ada\nbob@example.com,Bob\n", "no_email_column"],
    ["5,001 broken quotes", `email,name\n${'a@example.com,"x"y\n'.repeat(5_001)}`, "too_many_broken_quotes"],
  ])("%s", async (_, file, reason) => {
    expect(await shop.run(file, { again: true })).toMatchObject({
      status: "failed",
      error: { code: "unreadable_table", hint: expect.stringMatching(/\w/), details: { reason } },
      summary: { errors: [] },
    });
  });
});

/** How many rows came in, and the codes of the others in their order. */
type Outcome = [inserted: number, ...codes: string[]];

describe("a file with invalid rows is imported without them", () => {
  test.each<[string, string | Buffer, Outcome]>([
    ["line ends of Windows", "email\r\na@x.example\r\nb@x.example\r\n", [2]],
    ["line ends of old Macs", "email\ra@x.example\rb@x.example\r", [2]],
    ["mixed line ends", "email\r\na@x.example\nb@x.example\rc@x.example", [3]],
    ["no line end at the end", "email\na@x.example", [1]],
    ["a byte order mark", "\uFEFFemail\na@x.example\n", [1]],
    ["semicolons", "email;name\na@x.example;A\n", [1]],
    ["tabs", "email\tname\na@x.example\tA\n", [1]],
    ["pipes", "email|name\na@x.example|A\n", [1]],
    ["Excel's sep= line", "sep=;\nemail;name\na@x.example;A\n", [1]],
    ["UTF-16 of Excel", le16("email\tname\na@x.example\tKäthe\n"), [1]],
    ["big-endian UTF-16", Buffer.from(le16("email\na@x.example\n")).swap16(), [1]],
    ["Windows-1252", latin("email,name\na@x.example,K\xe4the\n"), [1]],
    [
      "bytes that are no UTF-8, which is then Windows-1252",
      Buffer.concat([Buffer.from("email,name\na@x.example,Käthe\nb@x.example,"), bytes(0xff, 0x0a)]),
      [2],
    ],
    ["gzip", gzipSync("email\na@x.example\n"), [1]],
    ["spaces around cells", " email , name \n a@x.example , A \n", [1]],
    ["empty lines between rows", "email\n\na@x.example\n\n\nb@x.example\n", [2]],
    ["rows of empty cells", "email,name\n,\na@x.example,A\n,\n", [1]],
    ["a line end in a cell", 'email,note\na@x.example,"two\nlines"\n', [1]],
    ["a quote in a cell", 'email,note\na@x.example,"5"" pipe"\n', [1]],
    ["quotes inside a bare cell", 'email,name\na@x.example,Robert "Bob" Smith\n', [1]],
    ["text behind a closed quote", 'email,name\na@x.example,"A" B\nb@x.example,B\n', [1, "broken_quote"]],
    ["a quote that is not closed", 'email,name\na@x.example,"A\nb@x.example,B\n', [1, "broken_quote"]],
    ["a cell too few", "email,name\na@x.example\nb@x.example,B\n", [1, "too_few_cells"]],
    ["a cell too many", "email,name\na@x.example,A,B\nb@x.example,B\n", [1, "too_many_cells"]],
    ["a separator at every end", "email,name,\na@x.example,A,\n", [1]],
    ["a row of 300 KB", `email,name\na@x.example,${long(300_000)}\nb@x.example,B\n`, [1, "row_too_large"]],
    ["a field of 3,000 characters", `email,name\na@x.example,${long(3_000)}\n`, [0, "invalid_name"]],
    ["a NUL", "email,name\na@x.example,A\0B\nb@x.example,B\n", [1, "unstorable_text"]],
    ["no address", "email,name\n,Ada\nb@x.example,B\n", [1, "invalid_email"]],
    ["a name in the address", "email\nAda <a@x.example>\n", [0, "invalid_email"]],
    ["two addresses in one", 'email\n"a@x.example, b@x.example"\n', [0, "invalid_email"]],
    ["an address with a line end", 'email\n"a@x.example\nbcc: b@x.example"\n', [0, "invalid_email"]],
    ["an address of 300 characters", `email\n${long(290)}@x.example\n`, [0, "invalid_email"]],
    ["a domain with a non-ASCII letter", "email\na@bücher.example\n", [1]],
    ["a column without a name", "email,,name\na@x.example,x,A\n", [1]],
    ["a broken line of NDJSON", '{"email":"a@x.example"}\n{"email":\n', [1, "invalid_json"]],
    ["an array in NDJSON", '{"email":"a@x.example"}\n["b@x.example"]\n', [1, "not_an_object"]],
    [
      "a nested field",
      '{"email":"a@x.example","deep":{"er":1}}\n{"email":"b@x.example"}\n',
      [1, "invalid_deep"],
    ],
    [
      "a number too large",
      '{"email":"a@x.example","n":9007199254740993}\n{"email":"b@x.example"}\n',
      [1, "invalid_json"],
    ],
    [
      "half of a surrogate pair",
      '{"email":"a@x.example","n":"\\ud800"}\n{"email":"b@x.example"}\n',
      [1, "unstorable_text"],
    ],
    [
      "an array that is not closed",
      '[{"email":"a@x.example"},{"email":"b@x.example"}',
      [1, "array_not_closed"],
    ],
    ["51 fields", `email,${names(51)}\na@x.example,${names(51)}\n`, [0, "invalid_c50"]],
  ])("%s", async (_, file, [inserted, ...codes]) => {
    await shop.rows("delete from email_subscribers");
    const done = await shop.run(file, { again: true });
    expect(done.summary.errors.map(({ code }: { code: string }) => code)).toEqual(codes);
    expect(done).toMatchObject({ status: "completed", counts: { inserted, rejected: codes.length } });
    expect(await shop.people()).toHaveLength(inserted);
  });
});
