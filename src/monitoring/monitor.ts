import type { Clock } from "#lib/clock.ts";
import { slotBefore } from "#lib/cron.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { type Chore, eachOf } from "#lib/housekeeping.ts";
import type { Slack } from "#lib/outside/slack.ts";
import type { Schedule } from "#lib/schedule.ts";
import { alertMessage } from "#monitoring/alert-text.ts";
import type { AlertsRepository, DueSlot } from "#monitoring/alerts-repository.ts";
import { REMIND_AFTER_MINUTES, thresholdsOf } from "#monitoring/thresholds.ts";

type Dependencies = {
  env: Pick<Env, "ALERT_THRESHOLDS" | "ALERT_EMAILS" | "CANARY_MINUTES" | "RUNBOOKS_URL">;
  alerts: Pick<AlertsRepository, "watch" | "claimUntold" | "confirmTold">;
  schedules: readonly Schedule[];
  clock: Clock;
  slack: Slack;
  mailMode: () => Promise<MailMode>;
  /** Tells an outside service that the monitor is alive. */
  checkIn: () => Promise<boolean>;
};

/** The number of alerts about which one run of housekeeping sends messages to Slack. */
const BATCH = 20;

/** Housekeeping decides a slot within this time after it was due. */
const GRACE_MS = 5 * 60_000;

/** The newest slot of each schedule that must have been decided by now. */
const slotsOf = (schedules: readonly Schedule[], now: Date): DueSlot[] =>
  schedules.flatMap(({ name, cron, timeZone }) => {
    const slot = slotBefore({ cron, timeZone }, new Date(now.getTime() - GRACE_MS + 1));
    return slot === undefined ? [] : [{ name, cron, timeZone, at: slot.toISOString() }];
  });

/**
 * Reads all watched numbers in one statement, and reports what has changed. The monitor needs only the database and
 * Slack,
 * not the engine, and none of the functions. `dlqCount` and `alerted` are what `monitor-dlq` returned (S4-45).
 */
export function monitor({ env, alerts, schedules, clock, slack, mailMode, checkIn }: Dependencies): Chore {
  const look = {
    thresholds: thresholdsOf(env),
    mailTo: env.ALERT_EMAILS,
    remindAfterMinutes: REMIND_AFTER_MINUTES,
  };
  return {
    name: "monitor",
    async run(deadline) {
      const counts = await alerts.watch({ ...look, slots: slotsOf(schedules, clock.now()) });
      // Where real mail is not sent (a preview, or a copy of production), nothing is sent to Slack or Sentry.
      if ((await mailMode()).mode === "hold") return { ...counts, told: 0 };
      const checkedIn = (await checkIn()) ? 1 : 0;
      const told = await eachOf(
        await alerts.claimUntold(BATCH),
        deadline,
        ({ rule }) => rule,
        async (alert) => {
          await slack.send(alertMessage(alert, env.RUNBOOKS_URL));
          await alerts.confirmTold(alert.id, alert.untold ?? "opened");
          return true;
        },
      );
      return { ...counts, told, checkedIn };
    },
  };
}
