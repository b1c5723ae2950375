import type { Chore } from "#lib/housekeeping.ts";
import type { UploadRepository } from "#uploads/repository.ts";

/**
 * A request and its repetitions with the same key last a few minutes. If the time were longer, the monitor would
 * report the held job as waiting work after 15 minutes.
 */
const ARRIVES_WITHIN_MS = 10 * 60 * 1000;
const BATCH = 100;

/** Ends uploads whose bytes never arrived, before the monitor reports them. */
export const abandonUploads = (uploads: Pick<UploadRepository, "abandon">): Chore => ({
  name: "abandoned-uploads",
  run: async () => ({ abandoned: await uploads.abandon(ARRIVES_WITHIN_MS, BATCH) }),
});

/** Deletes uploads whose time is over. `removeLeftFiles` then removes their files. */
export const forgetUploads = (uploads: Pick<UploadRepository, "expire">, keepMs: number): Chore => ({
  name: "uploads",
  canWait: true,
  async run(deadline) {
    let expired = 0;
    let some: number;
    do {
      some = await uploads.expire(keepMs, BATCH);
      expired += some;
    } while (some === BATCH && !deadline.isOver());
    return { expired };
  },
});
