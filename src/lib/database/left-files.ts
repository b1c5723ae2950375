import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import { type Chore, type Deadline, eachOf } from "#lib/housekeeping.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; storage: Pick<Storage, "remove"> };

const leftFile = z.object({ bucket: z.string(), path: z.string() });
const BATCH = 200;
/** A batch has files of a few buckets, and all of them are removed. */
const WHOLE_BATCH: Deadline = { isOver: () => false };

/**
 * Removes the files that `private.leave_files` has listed, because no row refers to them any more. The first batch is
 * removed even when no time is left.
 */
export const removeLeftFiles = ({ db, clock, storage }: Dependencies): Chore => ({
  name: "left-files",
  canWait: true,
  async run(deadline) {
    const { callTimeless } = createCall(db, clock);
    let removed = 0;
    let some: number;
    do {
      const files = await callTimeless("list_left_files", { limit: BATCH }, leftFile.array());
      some = files.length;
      const buckets = [...new Set(files.map((file) => file.bucket))];
      await eachOf(buckets, WHOLE_BATCH, String, async (bucket) => {
        const paths = files.filter((file) => file.bucket === bucket).map(({ path }) => path);
        await storage.remove(bucket, paths);
        await callTimeless("forget_left_files", { bucket, paths });
        return true;
      });
      removed += some;
    } while (some === BATCH && !deadline.isOver());
    return { removed };
  },
});
