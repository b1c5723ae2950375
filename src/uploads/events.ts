import { eventType } from "inngest";
import { z } from "zod";

/** Command: make the smaller picture of this upload. */
export const resizeImageRequested = eventType("image/resize", { schema: z.object({ uploadId: z.uuid() }) });
