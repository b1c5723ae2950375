import { eventType } from "inngest";
import { z } from "zod";

/**
 * Command: draw the picture of this task. Accepting a task sends it when the task may start; sent by app code for a
 * task that has ended, it puts the task back in line, as a job of its own.
 */
export const generateImageRequested = eventType("image/generate", { schema: z.object({ taskId: z.uuid() }) });
