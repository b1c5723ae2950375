import type { Chore } from "#lib/housekeeping.ts";
import type { UploadRepository } from "#uploads/repository.ts";

/** A request lives a minute; after an hour nobody is still sending, or asking again under the same key. */
const ARRIVES_WITHIN_MS = 60 * 60 * 1000;
const BATCH = 100;

/** Ends uploads whose bytes never arrived; the files that may lie there are left to `removeLeftFiles`. */
export const forgetUploads = ({ uploads }: { uploads: Pick<UploadRepository, "abandon"> }): Chore => ({
  name: "uploads",
  run: async () => ({ abandoned: await uploads.abandon(ARRIVES_WITHIN_MS, BATCH) }),
});
