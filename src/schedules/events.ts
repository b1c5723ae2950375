import { eventType } from "inngest";
import { z } from "zod";

/** The cron and the zone are those of the moment at which the backfill was asked for: its slots stay the same. */
export const backfillRequested = eventType("schedule/backfill", {
  schema: z.object({
    schedule: z.string(),
    cron: z.string(),
    timeZone: z.string(),
    from: z.string(),
    to: z.string(),
    by: z.string(),
  }),
});
