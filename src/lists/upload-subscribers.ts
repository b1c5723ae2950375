import { setImmediate as yieldToOthers } from "node:timers/promises";
import { AppError } from "#lib/errors.ts";
import {
  type NewSubscriber,
  type ReadRow,
  type RejectedRow,
  readCsv,
  readJson,
} from "#lists/read-subscribers.ts";
import type { ListRepository } from "#lists/repository.ts";

export type Upload = readonly unknown[] | { subscribers: readonly unknown[] } | { csv: string };
export type UploadResult = {
  received: number;
  created: number;
  updated: number;
  rejectedCount: number;
  /** The first of them. */
  rejected: RejectedRow[];
};

/** Storing so many takes a few seconds, which is what a request has. */
export const MOST_ENTRIES = 100_000;
/** One statement stores so many: the measured optimum of bulk writes through the API. */
const ROWS_PER_STATEMENT = 1000;
/** After reading so many rows, a few milliseconds of work, others get their turn. */
const ROWS_PER_TURN = 250;
const MOST_REJECTED_SHOWN = 100;

/** Stores what can be read, a thousand rows at a time, counts the rest and says what is wrong with the first of it. */
export async function uploadSubscribers(
  lists: Pick<ListRepository, "upsert">,
  listId: string,
  owner: string | null,
  upload: Upload,
): Promise<UploadResult> {
  const result: UploadResult = { received: 0, created: 0, updated: 0, rejectedCount: 0, rejected: [] };
  let rows: NewSubscriber[] = [];
  const store = async () => {
    if (rows.length === 0) return;
    const { created, updated } = await lists.upsert(listId, owner, rows);
    result.created += created;
    result.updated += updated;
    rows = [];
  };
  for await (const read of readRows(upload)) {
    result.received += 1;
    if ("row" in read) rows.push(read.row);
    else {
      result.rejectedCount += 1;
      if (result.rejected.length < MOST_REJECTED_SHOWN) result.rejected.push(read.rejected);
    }
    if (rows.length === ROWS_PER_STATEMENT) await store();
    if (result.received % ROWS_PER_TURN === 0) await yieldToOthers();
  }
  await store();
  return result;
}

function readRows(upload: Upload): Iterable<ReadRow> | AsyncIterable<ReadRow> {
  if (!("csv" in upload)) return readJson("subscribers" in upload ? upload.subscribers : upload);
  refuseTooManyLines(upload.csv);
  return readCsv(upload.csv);
}

/** Refused before anything is stored: half of a file is nothing that the caller can go on with. */
function refuseTooManyLines(csv: string): void {
  if (countOf("\n", csv) <= MOST_ENTRIES && countOf("\r", csv) <= MOST_ENTRIES) return;
  throw new AppError("payload_too_large", `The file has more than ${MOST_ENTRIES} lines`, {
    hint: "Split the file: what was stored already is only renewed when it is sent again.",
  });
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}
