import { eventType } from "inngest";
import { z } from "zod";

/** Command: write the ledger's past months to Storage. */
export const archiveDue = eventType("maintenance/archive", {
  schema: z.object({
    schedule: z.string().max(100),
    slot: z.string().max(40),
    dueAt: z.iso.datetime().max(40),
  }),
});
