import { eventType } from "inngest";
import { z } from "zod";

/** The cron and the zone are those of the moment at which the backfill was asked for: its slots stay the same. */
export const backfillRequested = eventType("schedule/backfill", {
  schema: z.object({
    schedule: z.string().max(100),
    cron: z.string().max(200),
    timeZone: z.string().max(100),
    from: z.string().max(40),
    to: z.string().max(40),
    by: z.string().max(200),
  }),
});
