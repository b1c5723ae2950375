import { describe, expect, test } from "vitest";
import { type ReadRow, readCsv, readJson } from "#lists/read-subscribers.ts";

async function csv(text: string) {
  const rows: ReadRow[] = [];
  for await (const row of readCsv(text)) rows.push(row);
  return rows;
}

describe("subscribers from a CSV", () => {
  test("the column email is the address, in any case, every other column a field", async () => {
    expect(await csv("name,E-Mail,EMAIL\nAda,x,ada@example.com\n")).toEqual([
      { row: { email: "ada@example.com", fields: { name: "Ada", "E-Mail": "x" } } },
    ]);
  });

  test.each([";", "\t"])(
    "may be separated by %j, with a byte order mark, quotes and Windows line ends",
    async (s) => {
      const text = `\uFEFFemail${s}name\r\nada@example.com${s}"Ada ""L"", ${s}x\r\n2nd"\r\n`;
      expect(await csv(text)).toEqual([
        { row: { email: "ada@example.com", fields: { name: `Ada "L", ${s}x\r\n2nd` } } },
      ]);
    },
  );

  test("says of every bad line what is wrong with it, by its number in the file, and takes the rest", async () => {
    const rows = await csv("email,name\n\nnonsense,A\nb@example.com,B\nc@example.com,C,too,many\n");
    expect(rows).toEqual([
      { rejected: { line: 3, reason: "not an e-mail address" } },
      { row: { email: "b@example.com", fields: { name: "B" } } },
      { rejected: { line: 5, reason: "4 cells under 2 columns" } },
    ]);
  });

  test.each([
    ['"B', "a quote is not closed"],
    ['"B" C', "a quote ends inside a cell"],
  ])(
    "the cell %j ends the reading: what stands before it is taken, and its line is named",
    async (cell, why) => {
      expect(await csv(`email,name\na@example.com,A\nb@example.com,${cell}\nc@example.com,C\n`)).toEqual([
        { row: { email: "a@example.com", fields: { name: "A" } } },
        { rejected: { line: 3, reason: `${why}: nothing was read from here on` } },
      ]);
    },
  );

  test("without a column email nothing can be read", async () => {
    expect(await csv("name\nAda\n")).toMatchObject([{ rejected: { line: 1 } }]);
    expect(await csv("")).toEqual([]);
  });
});

describe("subscribers from JSON", () => {
  test("fields stand beside the address or in an object of their own", () => {
    expect([
      ...readJson([
        { email: "a@example.com", name: "A" },
        { email: " b@example.com ", fields: { n: 1 } },
      ]),
    ]).toEqual([
      { row: { email: "a@example.com", fields: { name: "A" } } },
      { row: { email: "b@example.com", fields: { n: 1 } } },
    ]);
  });

  test.each([
    [null, "an entry is an object"],
    [{ mail: "a@example.com" }, "an entry is an object"],
    [{ email: "a" }, "not an e-mail address"],
    [{ email: "a@example.com\r\nbcc:x@example.com" }, "not an e-mail address"],
    [{ email: "a@example.com", deep: { er: 1 } }, "fields are"],
    [{ email: "a@example.com", bad: "nul \0" }, "unreadable"],
  ])("%j is rejected", (entry, reason) => {
    expect([...readJson([entry])]).toEqual([
      { rejected: { line: 1, reason: expect.stringContaining(reason) } },
    ]);
  });
});
