import type { Chore } from "#lib/housekeeping.ts";
import type { UploadRepository } from "#uploads/repository.ts";

/** A request lasts a minute; after an hour no client is still sending or retrying with the same key. */
const ARRIVES_WITHIN_MS = 60 * 60 * 1000;
const BATCH = 100;

/** Ends uploads whose bytes never arrived; `removeLeftFiles` removes files that they may have left. */
export const forgetUploads = ({ uploads }: { uploads: Pick<UploadRepository, "abandon"> }): Chore => ({
  name: "uploads",
  run: async () => ({ abandoned: await uploads.abandon(ARRIVES_WITHIN_MS, BATCH) }),
});
