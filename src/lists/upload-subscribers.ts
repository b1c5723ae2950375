import {
  type NewSubscriber,
  type ReadRow,
  type RejectedRow,
  readCsv,
  readJson,
} from "#lists/read-subscribers.ts";
import type { ListRepository } from "#lists/repository.ts";

export type Upload = readonly unknown[] | { subscribers: readonly unknown[] } | { csv: string };
export type UploadResult = { received: number; created: number; updated: number; rejected: RejectedRow[] };

/** One statement stores so many: the measured optimum of bulk writes through the API. */
const ROWS_PER_STATEMENT = 1000;

/** Stores what can be read, a thousand rows at a time, and says of every other line what is wrong with it. */
export async function uploadSubscribers(
  lists: Pick<ListRepository, "upsert">,
  listId: string,
  owner: string | null,
  upload: Upload,
): Promise<UploadResult> {
  const result: UploadResult = { received: 0, created: 0, updated: 0, rejected: [] };
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
    else result.rejected.push(read.rejected);
    if (rows.length === ROWS_PER_STATEMENT) await store();
  }
  await store();
  return result;
}

function readRows(upload: Upload): Iterable<ReadRow> | AsyncIterable<ReadRow> {
  if ("csv" in upload) return readCsv(upload.csv);
  return readJson("subscribers" in upload ? upload.subscribers : upload);
}
