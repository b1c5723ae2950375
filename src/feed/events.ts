import { eventType } from "inngest";
import { z } from "zod";

/** Command: bring this post into the feeds of its author's followers. */
export const pushPostRequested = eventType("feed/push.post", { schema: z.object({ postId: z.uuid() }) });

/** Command: bring a post into the feeds of one range of followers. */
export const pushPostPartRequested = eventType("feed/push.post-part", {
  schema: z.object({
    postId: z.uuid(),
    parentJobId: z.uuid(),
    part: z.int().min(1).max(1_000_000),
  }),
});
