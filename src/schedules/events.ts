import { eventType } from "inngest";
import { z } from "zod";
import { continuation } from "#jobs/events.ts";

/**
 * The event contains the cron and the time zone of the moment when the backfill was requested, so that its slots stay
 * the same.
 */
export const backfillRequested = eventType("schedule/backfill", {
  schema: z.object({
    schedule: z.string().max(100),
    cron: z.string().max(200),
    timeZone: z.string().max(100),
    from: z.string().max(40),
    to: z.string().max(40),
    by: z.string().max(200),
    ...continuation,
  }),
});
