import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { type Metrics, metricsRow } from "#monitoring/metrics.ts";

const count = z.number();
const dailyReport = z.object({
  /** The day in the report's time zone, such as `2026-11-21`. */
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

/** S2-20. `workers` counts the running jobs; `failed` counts the dead letters that wait for a decision. */
export const queueStats = z.object({ pending: z.number(), failed: z.number(), workers: z.number() });
z.globalRegistry.add(queueStats, { id: "QueueStats" });

export type MonitoringRepository = ReturnType<typeof monitoringRepository>;

export const monitoringRepository = (db: DatabaseClient, clock: Clock) => ({
  metrics: (): Promise<Metrics> => createCall(db, clock).call("read_metrics", {}, metricsRow),
  queueStats: () => createCall(db, clock).call("queue_stats", {}, queueStats),

  /** The ledger's summary of the previous day in a time zone. */
  reportOnDayBefore: (time: Date, timeZone: string): Promise<DailyReport> =>
    createCall(db, { now: () => time }).call("report_on_yesterday", { timeZone }, dailyReport),
});
