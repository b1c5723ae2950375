import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";
import type { Thresholds } from "#monitoring/thresholds.ts";

const time = z.string().nullable();
export const ALERT_STATUSES = ["open", "acknowledged", "resolved"] as const;

const alertRow = z.object({
  id: z.string(),
  rule: z.string(),
  subject: z.string(),
  severity: z.enum(["warning", "error"]),
  status: z.enum(ALERT_STATUSES),
  value: z.number(),
  threshold: z.number(),
  query: z.string(),
  offenders: z.record(z.string(), z.json()).array(),
  opened_at: z.string(),
  seen_at: z.string(),
  reminder_count: z.number(),
  acknowledged_at: time,
  acknowledged_by: z.string().nullable(),
  resolved_at: time,
  untold: z.enum(["opened", "reminded", "resolved"]).nullable(),
});
export type Alert = z.output<typeof alertRow>;

/** The numbers that the dashboard's navigation shows. Each number is counted up to 1,000. */
export const openCounts = z.object({
  deadLetters: z.number(),
  /** Alerts that are not acknowledged. */
  alerts: z.number(),
  /** Imports and campaigns that are under way. */
  imports: z.number(),
  campaigns: z.number(),
});
z.globalRegistry.add(openCounts, { id: "OpenCounts" });

/** A declared schedule with its newest slot that must have been decided. */
export type DueSlot = { name: string; cron: string; timeZone: string; at: string };

type Look = {
  thresholds: Thresholds;
  slots: DueSlot[];
  mailTo: string[];
  remindAfterMinutes: number;
};

export type AlertsRepository = ReturnType<typeof alertsRepository>;

export function alertsRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Compares all readings with their thresholds, and opens, repeats and resolves alerts. */
    watch: ({ remindAfterMinutes, ...look }: Look) =>
      call(
        "watch",
        { ...look, remindAfter: `${remindAfterMinutes} minutes` },
        z.record(z.string(), z.number()),
      ),

    claimUntold: (limit: number) => call("claim_untold_alerts", { limit }, alertRow.array()),
    confirmTold: (id: string, told: string) => callTimeless("confirm_told_alert", { id, told }),

    /** Undefined when there is no such alert. */
    async acknowledge(id: string, by: string): Promise<Alert | undefined> {
      const [alert] = await call("acknowledge_alert", { id, by }, alertRow.array());
      return alert;
    },
    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (status: string | undefined, limit: number, before?: Position) =>
      callTimeless(
        "list_alerts",
        { status, limit: limit + 1, beforeAt: before?.at, beforeId: before?.id },
        alertRow.array(),
      ),
    /** The numbers that the navigation shows; `owner: null` is an administrator. */
    countOpen: (owner: string | null) => callTimeless("count_open", { owner }, openCounts),

    sendCanary: (everyMinutes: number) =>
      call("send_canary", { every: `${everyMinutes} minutes` }, z.boolean()),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_alerts", { before: before.toISOString(), limit }, z.number()),
  };
}
