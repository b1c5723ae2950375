import { expect, test } from "vitest";
import { csvOf } from "#reports/write-csv.ts";

const PAGE = 2000;
const TOTAL = 100_000;

test("S4-79: an export of 100,000 rows is read page by page, and only as fast as it is taken", async () => {
  let read = 0;
  const page = async () => {
    const rows = Array.from({ length: PAGE }, (_, n) => [`p${read + n + 1}@example.org`, "x".repeat(100)]);
    read += rows.length;
    return rows;
  };
  const snapshot = { id: "1", pages: TOTAL / PAGE };
  const { stream, counts } = csvOf({ page }, snapshot, ["E-mail", "Note"], new AbortController().signal);
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

test("an export whose pages were deleted by a further try fails, and is no shorter file", async () => {
  const page = async (_: string, n: number) => (n === 0 ? [["a@example.org"]] : null);
  const { stream } = csvOf({ page }, { id: "1", pages: 2 }, ["E-mail"], new AbortController().signal);
  await expect(new Response(stream).text()).rejects.toThrow("were deleted");
});
