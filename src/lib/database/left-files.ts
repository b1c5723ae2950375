import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; storage: Pick<Storage, "remove"> };

const leftFile = z.object({ bucket: z.string(), path: z.string() });
const BATCH = 200;

/** Removes the files that `private.leave_files` has listed, because no row refers to them any more. */
export const removeLeftFiles = ({ db, clock, storage }: Dependencies): Chore => ({
  name: "left-files",
  canWait: true,
  async run(deadline) {
    const { callTimeless } = createCall(db, clock);
    let removed = 0;
    while (!deadline.isOver()) {
      const files = await callTimeless("list_left_files", { limit: BATCH }, leftFile.array());
      const buckets = [...new Set(files.map((file) => file.bucket))];
      await eachOf(buckets, deadline, String, async (bucket) => {
        const paths = files.filter((file) => file.bucket === bucket).map(({ path }) => path);
        await storage.remove(bucket, paths);
        await callTimeless("forget_left_files", { bucket, paths });
        return true;
      });
      removed += files.length;
      if (files.length < BATCH) break;
    }
    return { removed };
  },
});
