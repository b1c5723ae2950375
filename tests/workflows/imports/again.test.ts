/** A second job of an import continues where the first has ended: no row is written or counted twice. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AppError } from "#lib/errors.ts";
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

/** Two parts, each with one row that is rejected. */
const ROWS = 6_000;
const TWO_PARTS = `email\n${Array.from({ length: ROWS }, (_, n) => (n % 5_000 === 7 ? "nothing" : `p${n}@example.com`)).join("\n")}\n`;
const WHOLE = { inserted: ROWS - 2, skipped: 0, rejected: 2 };
/** The results of the runs that plan an import, the oldest first. */
const outputs = () => shop.engine.runs("process-import").map(({ output }) => output);
const statusOf = async (id: string) => (await shop.read(id)).status;

/** An import that is ended by `end` when one of its two parts is done and the other has written nothing. */
async function halfDone(end: (id: string) => Promise<unknown>): Promise<string> {
  let opened = 0;
  const asking = shop.ask(TWO_PARTS, { again: true });
  // The plan opens the file first. The run may begin before its request is answered.
  shop.hooks.beforeOpen = async () => {
    opened += 1;
    if (opened !== 3) return;
    const { importId } = (await asking).body;
    const done = "select from job_parts where job_id = $1 and status = 'done'";
    await expect.poll(async () => (await shop.rows(done, [importId])).length, { timeout: 20_000 }).toBe(1);
    await end(importId);
  };
  const { importId } = (await asking).body;
  await shop.ended(importId);
  await shop.engine.idle();
  await shop.engine.advance("1h");
  shop.hooks.beforeOpen = async () => {};
  expect((await shop.read(importId)).counts.rejected).toBe(1);
  return importId;
}

const fail = (id: string) =>
  shop.rows(`select fail_import($1, '{"code": "not_found", "message": "no"}', $2)`, [
    id,
    shop.engine.clock.now(),
  ]);

test.each<[string, (id: string) => Promise<unknown>]>([
  ["was canceled", (id) => shop.call("DELETE", `/api/imports/${id}`)],
  ["failed because of its file", fail],
])(
  "an import that %s is run again: it writes the rows that are left, and counts all rows",
  async (_, end) => {
    const id = await halfDone(end);
    expect((await shop.call("POST", `/api/jobs/${id}/run-again`)).status).toBe(202);
    await shop.engine.waitFor(async () => (await statusOf(id)) === "completed", { within: "1d" });
    expect(await shop.read(id)).toMatchObject({ status: "completed", counts: WHOLE });
    expect(await shop.people()).toHaveLength(WHOLE.inserted);
    expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  },
);

test("an import whose job the ledger has deleted is not continued, because the written rows are not known", async () => {
  const id = await halfDone(fail);
  // The new job is accepted, and begins only after the old one is deleted.
  shop.down.engine = true;
  const { body } = await shop.call("POST", `/api/jobs/${id}/run-again`);
  shop.hooks.beforeOpen = () => Promise.reject(new Error("the file is not opened"));
  await shop.rows("delete from jobs where id = $1", [id]);
  shop.down.engine = false;
  await shop.engine.advance("1m");
  await shop.app.keepHouse();
  await shop.engine.run(body.jobId, "process-import");
  await shop.engine.idle();
  expect(await shop.read(id)).toMatchObject({ status: "failed" });
  expect(await shop.rows("select status, error from jobs where id = $1", [body.jobId])).toEqual([
    {
      status: "failed",
      error: {
        code: "conflict",
        message: "The ledger has deleted the earlier job of this import: import its file again instead",
        hint: "Import the file again.",
      },
    },
  ]);
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
});

test("a run whose import another job has taken over ends without a dead letter", async () => {
  let jobId = "";
  const asking = shop.ask(TWO_PARTS, { again: true });
  shop.hooks.beforeOpen = async () => {
    shop.hooks.beforeOpen = async () => {};
    const { importId } = (await asking).body;
    await fail(importId);
    // The new job is accepted, and begins only after this run.
    shop.down.engine = true;
    jobId = (await shop.call("POST", `/api/jobs/${importId}/run-again`)).body.jobId;
    const takeOver = "select private.take_import_over(i, $2, $3) from imports as i where id = $1";
    await shop.rows(takeOver, [importId, jobId, shop.engine.clock.now()]);
    throw new Error("the first try is interrupted");
  };
  const { importId } = (await asking).body;
  await shop.engine.waitFor(async () => jobId !== "");
  shop.down.engine = false;
  await shop.engine.advance("10m");
  expect(await shop.rows("select from dead_letter_queue")).toEqual([]);
  expect(outputs().at(-1)).toEqual({ status: "skipped", reason: "Another job works on this import" });
  await shop.app.keepHouse();
  await shop.engine.waitFor(async () => (await statusOf(importId)) === "completed", { within: "1d" });
  expect(await shop.read(importId)).toMatchObject({ counts: WHOLE });
});

test("a conflict that is no take-over fails the run, and leaves a dead letter", async () => {
  shop.hooks.beforeOpen = () => Promise.reject(new AppError("conflict", "The file is locked"));
  const { body } = await shop.ask("email\nada@example.com\n");
  expect((await shop.ended(body.importId)).status).toBe("failed");
  await shop.engine.idle();
  expect(await shop.rows("select error_code from dead_letter_queue where job_id = $1", [body.jobId])).toEqual(
    [{ error_code: "conflict" }],
  );
});

test("app code that sends the event of an import twice starts it once, and the second job is skipped", async () => {
  const importId = randomUUID();
  const fileUrl = `storage://${await shop.upload("email\nada@example.com\nbob@example.com\n")}`;
  const [first, second] = [randomUUID(), randomUUID()];
  const send = (id: string) =>
    shop.engine.send({
      id,
      name: "import/start",
      data: { importId, fileUrl, importType: "contacts", userId: "ann" },
    });
  let opened = 0;
  // The first job is planned, and its part is claimed, when the second event arrives.
  shop.hooks.beforeOpen = async () => {
    opened += 1;
    if (opened !== 2) return;
    await send(second);
    const run =
      "select from job_runs join jobs on jobs.id = job_id where event_id = $1 and job_runs.status <> 'running'";
    await expect.poll(() => shop.rows(run, [second]), { timeout: 20_000 }).toHaveLength(1);
  };
  await send(first);
  await shop.ended(importId);
  await shop.engine.idle();
  const jobs = await shop.rows(
    "select event_id as event, status, result ->> 'reason' as reason from jobs where event_id in ($1, $2) order by event_id = $2",
    [first, second],
  );
  expect(jobs).toEqual([
    { event: first, status: "completed", reason: null },
    { event: second, status: "skipped", reason: "Another job works on this import" },
  ]);
  expect(await shop.read(importId)).toMatchObject({ status: "completed", counts: { inserted: 2 } });
});
