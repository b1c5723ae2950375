import { eventType } from "inngest";
import { z } from "zod";

export const reportType = z.enum(["analytics", "users", "content"]);
export type ReportType = z.output<typeof reportType>;
export const reportFormat = z.enum(["pdf", "csv"]);

/** Whole days in UTC; the first and the last day are included. */
const day = z.iso.date().max(10);
export const dateRange = z.object({ start: day, end: day });
export type DateRange = z.output<typeof dateRange>;

/** Command: make this report of the rows of `userId`. */
export const generateReportRequested = eventType("report/generate", {
  schema: z.object({
    reportType,
    dateRange,
    format: reportFormat.optional(),
    userId: z.string().min(1).max(200),
  }),
});

/** Fact: a report can be downloaded. */
export const reportReady = eventType("report/ready", {
  schema: z.object({ reportId: z.uuid(), userId: z.string().max(200), downloadUrl: z.string().max(500) }),
});
