import { AppError } from "#lib/errors.ts";
import type { GenerateReport } from "./events.ts";
import { isDesigned } from "./events.ts";

const DAY_MS = 24 * 60 * 60_000;
/** A PDF contains a chart with a point for each day. */
const MOST_DAYS = 400;

/**
 * The report that a request describes, with its default format, and with either its campaign or the beginning and the
 * end of its days.
 */
export function wantedOf({ reportType: type, dateRange, campaignId, format: chosen }: GenerateReport) {
  const format = chosen ?? (isDesigned(type) ? "pdf" : "csv");
  if (format === "pdf" && !isDesigned(type)) {
    throw new AppError("invalid_request", `${type} exists as CSV only`, {
      hint: 'Ask for the format "csv".',
    });
  }
  if (type === "campaign") {
    if (campaignId !== undefined && dateRange === undefined) return { type, format, campaignId };
    throw new AppError("invalid_request", "The report of a campaign needs campaignId, and no dateRange");
  }
  if (dateRange === undefined || campaignId !== undefined)
    throw new AppError("invalid_request", `The report ${type} needs dateRange, and no campaignId`);
  const { start, end } = dateRange;
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1;
  if (days < 1) throw new AppError("invalid_request", "dateRange ends before it starts");
  if (format === "pdf" && days > MOST_DAYS) {
    throw new AppError("invalid_request", `dateRange has ${days} days`, {
      hint: `Ask for at most ${MOST_DAYS} days at a time, or for a CSV.`,
    });
  }
  return {
    type,
    format,
    startsAt: new Date(Date.parse(start)).toISOString(),
    /** The first moment after the last day. */
    endsAt: new Date(Date.parse(end) + DAY_MS).toISOString(),
  };
}
