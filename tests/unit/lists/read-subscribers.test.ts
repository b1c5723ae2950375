import { describe, expect, test } from "vitest";
import { type ReadRow, readCsv, readJson } from "#lists/read-subscribers.ts";

describe("subscribers from a CSV", () => {
  test("the column email is the address, in any spelling, every other column a field", async () => {
    const rows: ReadRow[] = [];
    for await (const row of readCsv(Buffer.from("Name;E-Mail\nAda;ada@EXAMPLE.com\n"))) rows.push(row);
    expect(rows).toEqual([{ row: { email: "ada@example.com", fields: { Name: "Ada" } } }]);
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
      { rejected: expect.objectContaining({ line: 1, message: expect.stringContaining(reason) }) },
    ]);
  });
});
