import { eventType } from "inngest";
import { z } from "zod";

/**
 * Optional fields of the event of a job of one part. Without them, the run begins the job. With them, the run continues
 * the job.
 */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

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
    ...partOfJob,
  }),
});
