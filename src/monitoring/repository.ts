import { z } from "zod";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const count = z.number();
const dailyReport = z.object({
  /** The day in that time zone, such as `2026-11-21`. */
  day: z.string(),
  timeZone: z.string(),
  kinds: z.array(
    z.object({
      kind: z.string(),
      accepted: count,
      completed: count,
      failed: count,
      canceled: count,
      skipped: count,
    }),
  ),
  /** The ten most frequent failures. */
  failures: z.array(z.object({ function: z.string(), code: z.string(), count })),
  openLetters: count,
});
export type DailyReport = z.output<typeof dailyReport>;

export type MonitoringRepository = ReturnType<typeof monitoringRepository>;

export const monitoringRepository = (db: DatabaseClient) => ({
  /** The ledger's summary of the previous day in a time zone. */
  reportOnDayBefore: (time: Date, timeZone: string): Promise<DailyReport> =>
    createCall(db, { now: () => time }).call("report_on_yesterday", { timeZone }, dailyReport),
});
