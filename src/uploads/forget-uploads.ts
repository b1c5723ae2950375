import type { Chore } from "#lib/housekeeping.ts";
import type { UploadRepository } from "#uploads/repository.ts";

type Dependencies = { uploads: Pick<UploadRepository, "abandon" | "expire">; keepMs: number };

/**
 * A request and its repetitions with the same key last a few minutes. A longer time would count the held job as waiting
 * work: after 15 minutes the monitor would report it.
 */
const ARRIVES_WITHIN_MS = 10 * 60 * 1000;
const BATCH = 100;

/**
 * Ends uploads whose bytes never arrived, and deletes uploads whose time is over. `removeLeftFiles` then removes their
 * files.
 */
export const forgetUploads = ({ uploads, keepMs }: Dependencies): Chore => ({
  name: "uploads",
  canWait: true,
  async run(deadline) {
    const abandoned = await uploads.abandon(ARRIVES_WITHIN_MS, BATCH);
    let expired = 0;
    let some: number;
    do {
      some = await uploads.expire(keepMs, BATCH);
      expired += some;
    } while (some === BATCH && !deadline.isOver());
    return { abandoned, expired };
  },
});
