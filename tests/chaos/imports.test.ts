import { expect, test } from "vitest";
import { importsRampage } from "./support/imports-rampage.ts";

/** The short form; `npm run chaos -- --form imports` is the long one. */
test("killing site, engine, gateway and Postgres during an import changes neither its counts nor its rejects nor its table", async () => {
  const { kills, undisturbed, killed } = await importsRampage({ rows: 40_000, killsOfEach: 1 });
  expect(kills).toEqual({ site: 1, engine: 1, gateway: 1, postgres: 1 });
  expect(undisturbed).toMatchObject({ status: "completed", counts: { rejected: 400 } });
  expect(undisturbed.rejects).toHaveLength(400);
  expect(killed.counts).toEqual(undisturbed.counts);
  expect(killed.rejects).toEqual(undisturbed.rejects);
  expect(killed.table).toEqual(undisturbed.table);
}, 600_000);
