import { room } from "#lib/room.ts";
import { dailyReportDue } from "./events.ts";

export const monitoring = room<unknown>({
  name: "monitoring",
  schedules: ({ REPORT_TIME_ZONE }) => [
    {
      name: "send-daily-report",
      summary: "Sends the report on the previous day to Slack",
      cron: "0 9 * * *",
      timeZone: REPORT_TIME_ZONE,
      overlap: "skip",
      missed: "once",
      job: { event: dailyReportDue, functionId: "send-daily-report" },
    },
  ],
  visibleFields: { [dailyReportDue.name]: ["schedule", "slot", "dueAt"] },
});
