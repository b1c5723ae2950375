import { eventType } from "inngest";
import { z } from "zod";

/** Command: make the report about the day before `dueAt`. */
export const dailyReportDue = eventType("report/send-daily", {
  schema: z.object({
    schedule: z.string().max(100),
    slot: z.string().max(40),
    dueAt: z.iso.datetime().max(40),
  }),
});

/** Command: run the canary, so that the monitor sees that work gets done. */
export const canarySent = eventType("monitoring/canary", {
  schema: z.object({ sentAt: z.iso.datetime({ offset: true }).max(40) }),
});
