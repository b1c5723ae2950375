import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import type { Slack } from "#lib/outside/slack.ts";
import { dailyReportDue } from "#monitoring/events.ts";
import { reportMessage } from "#monitoring/report-text.ts";
import type { MonitoringRepository } from "#monitoring/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  monitoring: MonitoringRepository;
  slack: Slack;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
  timeZone: string;
};

/**
 * S3-9: summarizes the previous day from the ledger. The summary is the job's result, and is
 * sent to Slack.
 */
export const sendDailyReport = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-daily-report",
      triggers: [dailyReportDue],
      ...tries("standard"),
      onFailure: deps.onFailure,
    },
    async ({ event, step }) => {
      // The day is counted from the time when the report was due, so that a late report is about the same day.
      const report = await step.run("summarize", () =>
        deps.monitoring.reportOnDayBefore(new Date(event.data.dueAt), deps.timeZone),
      );
      const slack = await step.run("tell-slack", () => tell(deps, reportMessage(report)));
      return { ...report, slack };
    },
  );

/** Sends the report to Slack, except where real mail is not sent (a preview, or a copy of production). */
async function tell({ mailMode, slack }: Dependencies, message: Parameters<Slack["send"]>[0]) {
  const { mode } = await mailMode();
  return mode === "send" ? slack.send(message) : "held";
}
