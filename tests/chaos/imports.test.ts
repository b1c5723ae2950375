import { expect, test } from "vitest";
import { importsRampage } from "./support/imports-rampage.ts";

/** The short form; `npm run chaos -- --form imports` is the long one. */
test("kill -9 of the site during an import: table, counts and rejects are those of an undisturbed one", async () => {
  const { kills, undisturbed, killed } = await importsRampage({ rows: 40_000, kills: 3 });
  expect(kills).toBe(3);
  expect(undisturbed).toMatchObject({ status: "completed", counts: { rejected: 400 } });
  expect(undisturbed.rejects).toHaveLength(400);
  expect(killed.counts).toEqual(undisturbed.counts);
  expect(killed.rejects).toEqual(undisturbed.rejects);
  expect(killed.table).toEqual(undisturbed.table);
}, 600_000);
