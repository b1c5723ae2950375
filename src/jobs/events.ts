import { eventType } from "inngest";
import { z } from "zod";

/** Asks the runs of a job to stop. They receive the event by `cancelOn`. */
export const jobCancelRequested = eventType("job/cancel.requested", {
  schema: z.object({ jobId: z.uuid() }),
});
