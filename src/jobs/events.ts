import { eventType } from "inngest";
import { z } from "zod";

/** Asks the runs of a job to stop. They receive the event by `cancelOn`. */
export const jobCancelRequested = eventType("job/cancel.requested", {
  schema: z.object({ jobId: z.uuid() }),
});

/** Fields of an event that starts a job of one part: without them a run begins the job, with them it continues it. */
export const continuation = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };
