import { eventType } from "inngest";
import { z } from "zod";

/**
 * Command: erase the person of this erasure. The event does not contain the address, because events are stored in clear
 * text.
 */
export const erasePersonRequested = eventType("person/erase", {
  schema: z.object({ erasureId: z.uuid() }),
});
