import { afterAll, beforeAll, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());

const PERSON = "grace@example.com";
const naming = async (table: string) =>
  (await shop.rows(`select count(*)::int as n from ${table} as t where t::text ilike $1`, [`%${PERSON}%`]))[0]
    .n;
const TABLES = ["contacts", "import_rejects", "import_rows"];

test("an erasure removes the person from contacts, from rejected rows, and from the copies that an undo would restore", async () => {
  await shop.run(
    { content: `email,name,note\n${PERSON},Ada,\nbob@example.com,Bob,"ask\n${PERSON}"\n` },
    { target: "contacts" },
  );
  // The second import stores a copy of the row that it changes, and rejects a row that names the person.
  const done = await shop.run(
    {
      content: `email,name,note\n${PERSON},Ada Lovelace,\nbob@example.com,Bob,ask ${PERSON}\nnobody,${PERSON},\n`,
    },
    { target: "contacts" },
  );
  expect(done.counts).toMatchObject({ updated: 2, rejected: 1 });
  for (const table of TABLES) expect(await naming(table)).toBeGreaterThan(0);

  const { body } = await shop.call("POST", "/api/erasures", { email: PERSON });
  await shop.engine.waitFor(
    async () => (await shop.call("GET", body.erasureUrl)).body.status === "completed",
  );
  for (const table of TABLES) expect(await naming(table)).toBe(0);
  expect(await shop.rows("select email, name from contacts")).toEqual([
    { email: "bob@example.com", name: "Bob" },
  ]);
});
