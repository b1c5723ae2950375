import fc from "fast-check";
import Papa from "papaparse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());

/** Few people, in any case, some of them no addresses: rows meet each other and the table again and again. */
const email = fc.constantFrom(
  "a@x.example",
  "A@x.example",
  "b@x.example",
  "c@x.example",
  "d@x.example",
  "nobody",
  "",
);
const row = fc.tuple(email, fc.string({ unit: fc.constantFrom("x", "y", '"', ",", "\n"), maxLength: 3 }));
const file = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 12 }),
  before: fc.array(fc.tuple(email, fc.constantFrom("x", "y", "")), { maxLength: 5 }),
  merge: fc.constantFrom("insert", "update", "upsert"),
  absent: fc.constantFrom("keep", "clear"),
  column: fc.constantFrom("name", "city"),
});
const write = (column: string, rows: string[][]) => Papa.unparse({ fields: ["email", column], data: rows });
const table = () => shop.rows("select email_subscribers::text as row from email_subscribers order by id");

test("for random files a dry run predicts the counts, each row is counted once, and an undo restores the table", async () => {
  await fc.assert(
    fc.asyncProperty(file, async ({ rows, before, column, ...rules }) => {
      // A requester may send 100 requests in a second.
      await shop.engine.advance("2s");
      await shop.rows("delete from email_subscribers");
      if (before.length > 0) await shop.run({ content: write("name", before) }, { again: true });
      const source = { content: write(column, rows) };
      const start = await table();
      const dry = await shop.run(source, { ...rules, dryRun: true });
      expect(await table()).toEqual(start);
      const done = await shop.run(source, { ...rules, again: true });
      expect(done.status).toBe(dry.status);
      expect(done.counts).toEqual(dry.counts);
      expect(done.summary).toEqual(dry.summary);
      if (done.status !== "completed") return;
      const fates: number[] = Object.values(done.counts);
      expect(fates.reduce((sum, one) => sum + one, 0)).toBe(done.summary.total);
      await shop.call("POST", `/api/imports/${done.id}/undo`);
      await shop.engine.waitFor(async () => (await shop.read(done.id)).undo.undoneAt !== null);
      expect(await table()).toEqual(start);
    }),
    { numRuns: Number(process.env["RUNS"] ?? 25) },
  );
}, 3_600_000);
