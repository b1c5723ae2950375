import { eventType } from "inngest";
import { z } from "zod";

/**
 * Optional fields of the event of a job of one part. Without them, the run begins the job. With them, the run continues
 * the job.
 */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

/** Command: reprocess or ignore all open dead letters of a group. */
export const handleLetterGroup = eventType("dead-letter/handle-group", {
  schema: z.object({ groupJobId: z.uuid(), ...partOfJob }),
});
