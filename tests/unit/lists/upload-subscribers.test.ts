import { describe, expect, test } from "vitest";
import { type Upload, uploadSubscribers } from "#lists/upload-subscribers.ts";

/** Uploads into a list that takes everything; how often others got their turn meanwhile. */
async function upload(what: Upload) {
  let turns = 0;
  let isDone = false;
  const takeTurn = () => {
    turns += 1;
    if (!isDone) setImmediate(takeTurn);
  };
  setImmediate(takeTurn);
  let largest = 0;
  const lists = {
    upsert: async (_list: string, _owner: string | null, rows: readonly unknown[]) => {
      largest = Math.max(largest, rows.length);
      return { created: rows.length, updated: 0 };
    },
  };
  const result = await uploadSubscribers(lists, "list", null, what).finally(() => {
    isDone = true;
  });
  return { result, turns, largest };
}

const lines = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n));

test("every wrong line is counted, the first hundred are named: the answer stays small", async () => {
  const { result } = await upload({ csv: ["email", ...lines(90_000, () => "a")].join("\n") });
  expect(result).toMatchObject({ received: 90_000, created: 0, rejectedCount: 90_000 });
  expect(result.rejected.map(({ line }) => line)).toEqual(lines(100, String).map((n) => Number(n) + 2));
  expect(JSON.stringify(result).length).toBeLessThan(10_000);
});

describe("others get their turn while a large upload is read", () => {
  test.each<[string, Upload, number]>([
    ["right lines", { csv: ["email", ...lines(50_000, (n) => `p${n}@example.com`)].join("\n") }, 190],
    ["wrong lines", { csv: ["email", ...lines(50_000, () => "a")].join("\n") }, 190],
    ["wrong entries", lines(50_000, () => "0"), 190],
    ["one long line", { csv: `email\n${"a".repeat(200_000)}` }, 10],
    ["one line of many columns", { csv: `email${",".repeat(200_000)}\n` }, 10],
    ["one long quote", { csv: `email\n"${"a".repeat(200_000)}` }, 10],
  ])("%s", async (_, what, least) => {
    expect((await upload(what)).turns).toBeGreaterThan(least);
  });
});

test("rows are stored a thousand at a time, so that no more are in memory", async () => {
  const { result, largest } = await upload(
    lines(2500, (n) => `p${n}@example.com`).map((email) => ({ email })),
  );
  expect([result.created, largest]).toEqual([2500, 1000]);
});

describe("what is too much is refused before anything is stored", () => {
  test.each(["\n", "\r", "\r\n"])("more than 100,000 lines that end with %j", async (end) => {
    await expect(upload({ csv: `email${end}${`a${end}`.repeat(100_001)}` })).rejects.toMatchObject({
      code: "payload_too_large",
    });
  });

  test("more columns than fields are kept, whatever the number of lines below", async () => {
    const { result } = await upload({ csv: `email${",x".repeat(51)}\n${"a@example.com\n".repeat(50_000)}` });
    expect(result).toMatchObject({
      received: 1,
      rejected: [{ line: 1, reason: expect.stringContaining("52") }],
    });
  });

  test("a row of more than 256 KB ends the reading", async () => {
    const { result } = await upload({ csv: `email\na@example.com\n${"a".repeat(300_000)}\nb@example.com\n` });
    expect(result).toMatchObject({
      created: 1,
      rejected: [{ line: 3, reason: expect.stringContaining("longer") }],
    });
  });
});
