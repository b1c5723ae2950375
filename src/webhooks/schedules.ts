import type { Env } from "#lib/env.ts";
import type { Schedule } from "#lib/schedule.ts";
import { githubSyncDue, webhookGapsDue } from "#webhooks/events.ts";
import { canBeAsked } from "#webhooks/gaps/askers.ts";

type Schedules = (env: Env) => Schedule[];

export const metricsSchedules: Schedules = ({ GITHUB_REPOSITORIES, PLAN }) =>
  GITHUB_REPOSITORIES.length === 0
    ? []
    : [
        {
          name: "sync-github-metrics",
          summary: "Reads the metrics of repositories from GitHub",
          // This schedule costs 480 executions a month on the free plan; every 15 minutes would cost 5,760.
          cron: PLAN === "free" ? "0 */3 * * *" : "*/15 * * * *",
          timeZone: "UTC",
          overlap: "skip",
          missed: "once",
          job: { event: githubSyncDue, functionId: "sync-github-metrics" },
        },
      ];

export const gapSchedules: Schedules = (env) =>
  Object.values(canBeAsked(env)).includes(true)
    ? [
        {
          name: "check-webhook-gaps",
          summary: "Takes in the webhooks that providers have sent and that did not arrive",
          // This schedule costs 480 executions a month on the free plan.
          cron: env.PLAN === "free" ? "20 */3 * * *" : "5,20,35,50 * * * *",
          timeZone: "UTC",
          overlap: "skip",
          missed: "once",
          job: { event: webhookGapsDue, functionId: "check-webhook-gaps" },
        },
      ]
    : [];
