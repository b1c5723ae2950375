import { eventType } from "inngest";
import { z } from "zod";

/**
 * Optional fields of the event of a job of one part. Without them, the run begins the job. With them, the run continues
 * the job.
 */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

const owner = z.string().min(1).max(200);

/**
 * Command: import this file. `fileUrl` is `https://…`, or `storage://<path in the bucket "imports">`. When the import
 * was not accepted over HTTP, `importType` names its target and `userId` its owner.
 */
export const importRequested = eventType("import/start", {
  schema: z.object({
    importId: z.uuid(),
    fileUrl: z.string().min(1).max(2_000),
    importType: z.string().max(100).optional(),
    userId: owner.optional(),
  }),
});

/**
 * Command: import the rows of one part of the file. The event contains no rows, because they are read from the file.
 */
export const importBatchDue = eventType("import/process-batch", {
  schema: z.object({
    importId: z.uuid(),
    batchIndex: z.int().min(0).max(1_000_000),
    userId: owner,
    parentJobId: z.uuid(),
    part: z.int().min(1).max(1_000_000),
  }),
});
/** Command: undo an import. */
export const importUndoRequested = eventType("import/undo", {
  schema: z.object({ importId: z.uuid(), userId: owner, ...partOfJob }),
});
