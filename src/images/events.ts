import { eventType } from "inngest";
import { z } from "zod";

/**
 * Command: draw the picture of this task. The event is sent when the task may start. When app code sends it for a task
 * that has ended, the task goes back into the queue with a new job.
 */
export const generateImageRequested = eventType("image/generate", { schema: z.object({ taskId: z.uuid() }) });
