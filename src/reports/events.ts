import { eventType } from "inngest";
import { z } from "zod";

/** Reports with figures and charts, as PDF or CSV. */
const DESIGNED = ["analytics", "users", "content", "campaign"] as const;
/** Other lists of the product, as CSV. A migration registers each under the same name. */
const EXPORTS = ["contacts", "products", "imports", "images", "orders", "sends", "dead_letters"] as const;
export const reportType = z.enum([...DESIGNED, ...EXPORTS]);
type ReportType = z.output<typeof reportType>;
export type DesignedType = (typeof DESIGNED)[number];
export const isDesigned = (type: ReportType): type is DesignedType => !EXPORTS.some((one) => one === type);
export const reportFormat = z.enum(["pdf", "csv"]);

/** The limits exclude what Postgres refuses (the year 0), and leave room for arithmetic. */
const day = z.iso
  .date()
  .max(10)
  .regex(/^(?:19[7-9]\d|2\d\d\d)-/, "must lie between 1970 and 2999");
/** Whole days in UTC; the first and the last day are included. */
export const dateRange = z.object({ start: day, end: day });
export type DateRange = z.output<typeof dateRange>;

export const wanted = z.object({
  reportType,
  /** Required for every type except "campaign". */
  dateRange: dateRange.optional(),
  /** Only for the type "campaign". */
  campaignId: z.uuid().optional(),
  format: reportFormat.optional(),
});
export type GenerateReport = z.output<typeof wanted>;

/** Command: make this report for `userId`. It contains the rows of `userId`, or of all owners (`allOwners`). */
export const generateReportRequested = eventType("report/generate", {
  schema: wanted.extend({
    userId: z.string().min(1).max(200),
    /** The report is about the rows of all owners: an administrator requested it. */
    allOwners: z.boolean().optional(),
  }),
});

/** Fact: a report can be downloaded. */
export const reportReady = eventType("report/ready", {
  schema: z.object({ reportId: z.uuid(), userId: z.string().max(200), downloadUrl: z.string().max(500) }),
});
