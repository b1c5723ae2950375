/** An import that has ended while its parts are at work: what it counts is what is in the table, and stays so. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ImportShop, importShop } from "../../support/import-shop.ts";

let shop: ImportShop;
beforeAll(async () => {
  shop = await importShop();
});
afterAll(() => shop.close());
beforeEach(async () => {
  shop.hooks.beforeOpen = async () => {};
  await shop.rows("delete from email_subscribers");
});

const PEOPLE = "email\nada@example.com\nbob@example.com\n";

/** Asks for an import, and calls `end` when its part is claimed and has not written a row. */
async function endedBefore(end: (id: string) => Promise<unknown>): Promise<string> {
  let opened = 0;
  const asking = shop.ask(PEOPLE);
  // The run may begin before its request is answered.
  shop.hooks.beforeOpen = async () => {
    opened += 1;
    if (opened === 2) await end((await asking).body.importId);
  };
  const { body } = await asking;
  await shop.ended(body.importId);
  await shop.engine.idle();
  await shop.engine.advance("1h");
  expect(opened).toBeGreaterThan(1);
  return body.importId;
}

test.each<[string, (id: string) => Promise<unknown>]>([
  ["canceled", (id) => shop.call("DELETE", `/api/imports/${id}`)],
  [
    "failed",
    (id) =>
      shop.rows(`select fail_import($1, '{"code": "file_changed", "message": "no"}', $2)`, [
        id,
        shop.engine.clock.now(),
      ]),
  ],
])("a part writes nothing after its import has %s", async (status, end) => {
  const id = await endedBefore(end);
  expect(await shop.read(id)).toMatchObject({ status, counts: { inserted: 0 } });
  expect(await shop.people()).toEqual([]);
});

test("the dead letter of an import that was undone imports nothing when it is reprocessed", async () => {
  shop.hooks.beforeOpen = () => Promise.reject(new Error("broken"));
  const { body } = await shop.ask(PEOPLE);
  const failed = await shop.ended(body.importId);
  expect(failed.status).toBe("failed");
  await shop.engine.idle();
  shop.hooks.beforeOpen = async () => {};
  await shop.call("POST", `/api/imports/${body.importId}/undo`);
  await shop.engine.waitFor(async () => (await shop.read(body.importId)).undo?.undoneAt !== null);
  const { body: letters } = await shop.call("GET", `/api/dead-letters?job=${body.jobId}`);
  await shop.call("POST", `/api/dead-letters/${letters.items[0].id}/reprocess`);
  await shop.engine.idle();
  await shop.engine.advance("1h");
  expect(await shop.people()).toEqual([]);
  expect(await shop.read(body.importId)).toMatchObject({ status: "failed", undo: { status: "completed" } });
  // No operator could mend a further dead letter.
  expect((await shop.call("GET", `/api/dead-letters?status=failed`)).body.items).toEqual([]);
  const [again] = await shop.rows(
    "select status, error ->> 'code' as code from jobs where parent_job_id = $1",
    [body.jobId],
  );
  expect(again).toEqual({ status: "failed", code: "conflict" });
  expect(shop.engine.runs("process-import").at(-1)?.output).toEqual({
    status: "skipped",
    reason: "The import was undone: import its file again instead",
  });
});

test("a completed import stays completed when its run is replayed", async () => {
  const done = await shop.run(PEOPLE);
  const [run] = shop.engine.runs("process-import").slice(-1);
  await shop.engine.rerun(String(run?.id));
  await shop.engine.idle();
  expect(await shop.read(done.id)).toMatchObject({ status: "completed", counts: { inserted: 2 } });
});

test("the database refuses a completed import in which a row has no outcome, or two", async () => {
  const { id } = await shop.run(PEOPLE, { again: true });
  for (const count of [1, 3]) {
    const change = shop.rows("update imports set inserted_count = $2 where id = $1", [id, count]);
    await expect(change).rejects.toThrow("imports_give_every_row_one_fate");
  }
});
