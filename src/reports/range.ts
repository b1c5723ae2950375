import { AppError } from "#lib/errors.ts";
import type { DateRange } from "./events.ts";

const DAY_MS = 24 * 60 * 60_000;
const MOST_DAYS = 400;

/** The range as instants: from the start of the first day to the start of the day after the last one. */
export function rangeInstants({ start, end }: DateRange): { startsAt: string; endsAt: string } {
  const days = (Date.parse(end) - Date.parse(start)) / DAY_MS + 1;
  if (days < 1) throw new AppError("invalid_request", "dateRange ends before it starts");
  if (days > MOST_DAYS) {
    throw new AppError("invalid_request", `dateRange has ${days} days`, {
      hint: `Ask for at most ${MOST_DAYS} days at a time.`,
    });
  }
  return {
    startsAt: new Date(Date.parse(start)).toISOString(),
    endsAt: new Date(Date.parse(end) + DAY_MS).toISOString(),
  };
}
