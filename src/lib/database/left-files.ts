import { z } from "zod";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Storage } from "#lib/database/storage.ts";
import type { Chore } from "#lib/housekeeping.ts";

type Dependencies = { db: DatabaseClient; storage: Pick<Storage, "remove"> };

const leftFile = z.object({ bucket: z.string(), path: z.string() });
const BATCH = 200;

/** Removes from Storage the files that no row speaks of any more: `private.leave_files` has written them down. */
export const removeLeftFiles = ({ db, storage }: Dependencies): Chore => ({
  name: "left-files",
  async run(deadline) {
    let removed = 0;
    while (!deadline.isOver()) {
      const files = leftFile.array().parse(await unwrap(db.rpc("list_left_files", { p_limit: BATCH })));
      for (const bucket of new Set(files.map((file) => file.bucket))) {
        const paths = files.filter((file) => file.bucket === bucket).map(({ path }) => path);
        await storage.remove(bucket, paths);
        await unwrap(db.rpc("forget_left_files", { p_bucket: bucket, p_paths: paths }));
      }
      removed += files.length;
      if (files.length < BATCH) break;
    }
    return { removed };
  },
});
