import { Cron } from "croner";
import type { SiteFunction } from "#netlify/functions.ts";
import type { Site } from "#netlify/site.ts";

/** setTimeout counts in 32 bits, so a longer wait is split. */
const longestWaitMs = 2 ** 31 - 1;

/**
 * Calls the site's scheduled functions by their cron, in UTC. As on Netlify, a tick is lost when the site is down.
 * `scale` is how much faster than real time this process's Date runs.
 */
export function startSchedule(site: Site, { scale = 1 }: { scale?: number } = {}): { stop(): void } {
  const timers = new Map<SiteFunction, NodeJS.Timeout>();
  const plan = (scheduled: SiteFunction, cron: Cron, due: Date | null) => {
    if (due === null) return;
    const waitMs = Math.min(longestWaitMs, Math.max(0, (due.getTime() - Date.now()) / scale));
    const ring = () => {
      if (Date.now() < due.getTime()) return plan(scheduled, cron, due);
      const next = cron.nextRun();
      // The site's error page answers and logs a failure, so the schedule continues.
      if (next !== null) void site.fire(scheduled, next).then((response) => response.body?.cancel());
      plan(scheduled, cron, next);
    };
    timers.set(scheduled, setTimeout(ring, waitMs));
  };
  for (const scheduled of site.functions) {
    const { schedule } = scheduled.config;
    if (schedule === undefined) continue;
    const cron = new Cron(schedule, { timezone: "UTC", paused: true });
    plan(scheduled, cron, cron.nextRun());
  }
  return {
    stop() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
