import { eventType } from "inngest";
import { z } from "zod";

/** Without these fields a run begins the job, with them it continues the job's only part. */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

/** Command: reprocess or ignore all open dead letters of a group. */
export const handleLetterGroup = eventType("dead-letter/handle-group", {
  schema: z.object({ groupJobId: z.uuid(), ...partOfJob }),
});
