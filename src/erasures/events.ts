import { eventType } from "inngest";
import { z } from "zod";

/** Command: take the person of this erasure out of the database. The address stays in the database: events are kept in clear. */
export const erasePersonRequested = eventType("person/erase", {
  schema: z.object({ erasureId: z.uuid() }),
});
