import { describe, expect, test } from "vitest";
import { type ReadRow, readCsv, readJson } from "#lists/read-subscribers.ts";

describe("subscribers from a CSV", () => {
  test("the column email, in any spelling, is the address, and every other column is a field", async () => {
    const rows: ReadRow[] = [];
    for await (const row of readCsv(Buffer.from("Name;E-Mail\nAda;ada@EXAMPLE.com\n"))) rows.push(row);
    expect(rows).toEqual([{ row: { email: "ada@example.com", fields: { Name: "Ada" } } }]);
  });
});

describe("subscribers from JSON", () => {
  test("fields may be beside the address or in an object", () => {
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
  ])("the entry %j is rejected", (entry, reason) => {
    expect([...readJson([entry])]).toEqual([
      { rejected: expect.objectContaining({ line: 1, message: expect.stringContaining(reason) }) },
    ]);
  });
});
