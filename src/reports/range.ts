import type { DateRange } from "./events.ts";

/** The days between the two times. The second time is the first moment after the last day. */
export const rangeOf = ({ starts_at, ends_at }: { starts_at: string; ends_at: string }): DateRange => ({
  start: starts_at.slice(0, 10),
  end: new Date(Date.parse(ends_at) - 1).toISOString().slice(0, 10),
});
