import { eventType } from "inngest";
import { z } from "zod";
import { continuation } from "#jobs/events.ts";

/** Command: reprocess or ignore all open dead letters of a group. */
export const handleLetterGroup = eventType("dead-letter/handle-group", {
  schema: z.object({ groupJobId: z.uuid(), ...continuation }),
});
