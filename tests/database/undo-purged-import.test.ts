import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type PartsLedger, partsLedger } from "./parts/ledger.ts";

let ledger: PartsLedger;
beforeAll(async () => {
  ledger = await partsLedger();
});
afterAll(() => ledger.close());

test("an undo whose import was deleted ends", async () => {
  const { jobId } = await ledger.job([5]);
  const part = await ledger.claim(jobId, "undo");
  if (part.state !== "claimed") throw new Error(part.state);
  const [row] = await ledger.rows(
    "select undo_import_rows($1, $2, $3, 100, false, now()) as answer",
    part.id,
    part.token,
    randomUUID(),
  );
  expect(row).toEqual({ answer: "done" });
  expect(await ledger.view(jobId)).toMatchObject({ status: "completed" });
});
