import { eventType } from "inngest";
import { z } from "zod";

/** Asks the runs of a job to stop; they wait for it by `cancelOn`. */
export const jobCancelRequested = eventType("job/cancel.requested", {
  schema: z.object({ jobId: z.uuid() }),
});
