import { setImmediate as yieldToOthers } from "node:timers/promises";
import { AppError } from "#lib/errors.ts";
import { unreadable } from "#lib/tables/table.ts";
import {
  type NewSubscriber,
  type ReadRow,
  type RejectedRow,
  readCsv,
  readJson,
} from "#lists/read-subscribers.ts";
import type { ListRepository } from "#lists/repository.ts";

export type Upload = readonly unknown[] | { subscribers: readonly unknown[] } | { csv: string | Uint8Array };
export type UploadResult = {
  received: number;
  created: number;
  updated: number;
  /** How many rows have an address that also occurs in a later row, which is stored instead. */
  duplicates: number;
  rejectedCount: number;
  /** The first of the rejected rows. */
  rejected: RejectedRow[];
};

/** Storing this many entries takes a few seconds, and a request may not take longer than that. */
export const MOST_ENTRIES = 100_000;
/** Rows per statement. By measurement, this size is the fastest for bulk writes through the API. */
const ROWS_PER_STATEMENT = 1000;
/** After this many rows (a few milliseconds) other work on the event loop runs. */
const ROWS_PER_TURN = 250;
const MOST_REJECTED_SHOWN = 100;

/** Stores the readable rows, a thousand at a time. Counts the rejected rows, and describes the first of them. */
export async function uploadSubscribers(
  lists: Pick<ListRepository, "upsert">,
  listId: string,
  owner: string | null,
  upload: Upload,
  replace: boolean,
): Promise<UploadResult> {
  const result: UploadResult = {
    received: 0,
    created: 0,
    updated: 0,
    duplicates: 0,
    rejectedCount: 0,
    rejected: [],
  };
  const known = new Set<string>();
  let rows: NewSubscriber[] = [];
  const store = async () => {
    if (rows.length === 0) return;
    const { created, updated } = await lists.upsert(listId, owner, rows, replace);
    const addresses = new Set(rows.map(({ email }) => email.toLowerCase()));
    const again = [...addresses].filter((address) => known.has(address)).length;
    for (const address of addresses) known.add(address);
    result.created += created;
    result.updated += updated - again;
    result.duplicates += rows.length - addresses.size + again;
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
  if (result.received > 0 && result.rejectedCount === result.received) throw nothingTaken(result);
  if (result.received === 0 && "csv" in upload) {
    throw unreadable("no_rows", "The file has a header and no rows", "Send at least one row.");
  }
  return result;
}

function nothingTaken({ rejectedCount, rejected }: UploadResult): AppError {
  const [first] = rejected;
  return new AppError(
    "unreadable_table",
    `None of the ${rejectedCount} rows can be stored: ${first?.message}`,
    {
      details: { reason: "no_good_row", rejectedCount, rejected },
    },
  );
}

function readRows(upload: Upload): Iterable<ReadRow> | AsyncIterable<ReadRow> {
  if (!("csv" in upload)) return readJson("subscribers" in upload ? upload.subscribers : upload);
  const csv = Buffer.from(upload.csv);
  refuseTooManyLines(csv);
  return readCsv(csv);
}

/** The number of lines is checked before rows are stored, so that a file that is too long is refused as a whole. */
function refuseTooManyLines(csv: Buffer): void {
  if (countOf("\n", csv) <= MOST_ENTRIES && countOf("\r", csv) <= MOST_ENTRIES) return;
  throw new AppError("payload_too_large", `The file has more than ${MOST_ENTRIES} lines`, {
    hint: "Split the file. Rows that are stored already are only updated when they are sent again.",
  });
}

function countOf(character: string, text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}
