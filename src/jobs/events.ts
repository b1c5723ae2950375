import { eventType } from "inngest";
import { z } from "zod";

/**
 * Asks the runs of a job to stop. They receive the event by `cancelOn`. `eventId` and `functionId` name the job as the
 * engine knows it: the id of the event that started the run, and the run's function.
 */
export const jobCancelRequested = eventType("job/cancel.requested", {
  schema: z.object({ jobId: z.uuid(), eventId: z.string().max(10_000), functionId: z.string().max(100) }),
});
