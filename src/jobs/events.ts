import { eventType } from "inngest";
import { z } from "zod";

/** Somebody wants a job to stop; runs listen to it through `cancelOn`. */
export const jobCancelRequested = eventType("job/cancel.requested", {
  schema: z.object({ jobId: z.uuid() }),
});
