import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
import { type Upload, uploadSubscribers } from "#lists/upload-subscribers.ts";

/** Uploads to a list that accepts everything. */
async function upload(what: Upload, replace = false) {
  let largest = 0;
  const stored = new Set<string>();
  const lists = {
    upsert: async (_list: string, _owner: string | null, rows: readonly { email: string }[]) => {
      largest = Math.max(largest, rows.length);
      const addresses = new Set(rows.map(({ email }) => email.toLowerCase()));
      const created = [...addresses].filter((address) => !stored.has(address)).length;
      for (const address of addresses) stored.add(address);
      return { created, updated: addresses.size - created };
    },
  };
  const result = await uploadSubscribers(lists, "list", null, what, replace);
  return { result, largest };
}

/** Counts how often other work runs, also when no row is accepted. */
async function turnsOf(what: Upload): Promise<number> {
  let turns = 0;
  let isDone = false;
  const takeTurn = () => {
    turns += 1;
    if (!isDone) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  const error: unknown = await upload(what).catch((error: unknown) => error);
  isDone = true;
  if (error instanceof Error && !(error instanceof AppError)) throw error;
  return turns;
}

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n));

test("every rejected line is counted, and only the first hundred are listed", async () => {
  const { result } = await upload({
    csv: ["email", "a@example.com", ...lines(90_000, () => "a")].join("\n"),
  });
  expect(result).toMatchObject({ received: 90_001, created: 1, rejectedCount: 90_000 });
  expect(result.rejected.map(({ line }) => line)).toEqual(lines(100, String).map((n) => Number(n) + 3));
  expect(JSON.stringify(result).length).toBeLessThan(20_000);
});

test("a rejected row is listed with line, offset, column, code, hint and its text", async () => {
  const { result } = await upload({
    csv: "E-Mail;name\r\nnonsense;B\r\na@example.com\r\nb@example.com;B\r\n",
  });
  const hint = expect.any(String);
  const [invalid, short] = ["not an e-mail address", "The row has 1 cells under 2 columns"];
  expect(result.rejected).toEqual([
    {
      line: 2,
      offset: 13,
      column: "E-Mail",
      code: "invalid_email",
      message: invalid,
      hint,
      raw: "nonsense;B",
    },
    {
      line: 3,
      offset: 25,
      column: "name",
      code: "too_few_cells",
      message: short,
      hint,
      raw: "a@example.com",
    },
  ]);
});

test("rows with the same address are counted as duplicates, within a statement and across statements", async () => {
  const rows = [
    ...lines(1500, (n) => `p${n}@example.com`),
    "P1@example.com",
    "p1@Example.com",
    "q@example.com",
  ];
  const { result } = await upload({ csv: ["email", "p0@example.com", ...rows].join("\n") });
  expect(result).toMatchObject({ received: 1504, created: 1501, updated: 0, duplicates: 3 });
});

describe("a file without a valid row is refused", () => {
  test.each<[string, Upload, string]>([
    ["wrong lines alone", { csv: "email\na\nb" }, "no_good_row"],
    ["wrong entries alone", [1, 2], "no_good_row"],
    ["a header alone", { csv: "email,name\n" }, "no_rows"],
    ["no column email", { csv: "mail,name\na@example.com,A\n" }, "no_email_column"],
    [
      "53 columns",
      { csv: `email,${lines(52, (n) => `c${n}`).join(",")}\na@example.com\n` },
      "too_many_columns",
    ],
    ["gzip", { csv: gzipSync("email\na@example.com\n") }, "gzip"],
    ["an Excel workbook", { csv: Buffer.from("PK\x03\x04xl/workbook.xml") }, "xlsx"],
  ])("%s", async (_, what, reason) => {
    await expect(upload(what)).rejects.toMatchObject({ code: "unreadable_table", details: { reason } });
  });
});

test("a CSV may be in UTF-16 or Windows-1252", async () => {
  const text = "email,name\nzoe@example.com,Zoë\n";
  for (const csv of [Buffer.from(text, "utf16le"), Buffer.from(text, "latin1")]) {
    expect((await upload({ csv })).result).toMatchObject({ created: 1, rejected: [] });
  }
});

describe("the event loop is not blocked while a large upload is read", () => {
  test.each<[string, Upload, number]>([
    ["right lines", { csv: ["email", ...lines(50_000, (n) => `p${n}@example.com`)].join("\n") }, 190],
    ["wrong lines", { csv: ["email", ...lines(50_000, () => "a")].join("\n") }, 190],
    ["wrong entries", lines(50_000, () => "0"), 190],
    ["one long line", { csv: `email\n${"a".repeat(200_000)}` }, 10],
    ["one line of many columns", { csv: `email${",".repeat(200_000)}\n` }, 10],
    ["one long quote", { csv: `email\n"${"a".repeat(200_000)}` }, 10],
  ])("%s", async (_, what, least) => {
    expect(await turnsOf(what)).toBeGreaterThan(least);
  });
});

test("rows are stored in statements of at most a thousand", async () => {
  const { result, largest } = await upload(
    lines(2500, (n) => `p${n}@example.com`).map((email) => ({ email })),
  );
  expect([result.created, largest]).toEqual([2500, 1000]);
});

describe("the size limits of an upload", () => {
  test.each(["\n", "\r", "\r\n"])(
    "a file of more than 100,000 lines ending with %j is refused",
    async (end) => {
      await expect(upload({ csv: `email${end}${`a${end}`.repeat(100_001)}` })).rejects.toMatchObject({
        code: "payload_too_large",
      });
    },
  );

  test("a row of more than 256 KB is rejected alone", async () => {
    const { result } = await upload({ csv: `email\na@example.com\n${"a".repeat(300_000)}\nb@example.com\n` });
    expect(result).toMatchObject({
      created: 2,
      rejected: [{ line: 3, code: "row_too_large" }],
    });
  });
});
