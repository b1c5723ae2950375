import { expect, test } from "vitest";
import { importsRampage } from "./support/imports-rampage.ts";

/** The short form; `npm run chaos -- --form imports` is the long one. */
test("an import during which the site is killed has the same table, counts and rejects as an undisturbed one", async () => {
  const { kills, undisturbed, killed } = await importsRampage({ rows: 40_000, kills: 3 });
  expect(kills).toBe(3);
  expect(undisturbed).toMatchObject({ status: "completed", counts: { rejected: 400 } });
  expect(undisturbed.rejects).toHaveLength(400);
  expect(killed.counts).toEqual(undisturbed.counts);
  expect(killed.rejects).toEqual(undisturbed.rejects);
  expect(killed.table).toEqual(undisturbed.table);
}, 600_000);
