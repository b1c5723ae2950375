import { expect, test } from "vitest";
import { csvOf } from "#reports/write-csv.ts";

const PAGE = 2000;
const TOTAL = 100_000;

test("S4-79: an export of 100,000 rows is read page by page, and only as fast as it is taken", async () => {
  let read = 0;
  const rows = async () => {
    const page = Array.from({ length: Math.min(PAGE, TOTAL - read) }, (_, n): [number, string[]] => {
      const id = read + n + 1;
      return [id, [`p${id}@example.org`, "x".repeat(100)]];
    });
    read += page.length;
    return page;
  };
  const { stream, counts } = csvOf({ rows }, "1", ["E-mail", "Note"], new AbortController().signal);
  let taken = 0;
  let ahead = 0;
  for await (const chunk of stream) {
    taken += Buffer.from(chunk).toString().split("\r\n").length - 1;
    ahead = Math.max(ahead, read - taken);
  }
  expect(counts.rows).toBe(TOTAL);
  expect(taken).toBe(TOTAL + 1);
  // The page that is being written, and the next one that is asked for while its last rows wait in a buffer.
  expect(ahead).toBeLessThanOrEqual(2 * PAGE);
});
