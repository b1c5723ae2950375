import { Cron } from "croner";
import { LRUCache } from "lru-cache";
import { AppError } from "#lib/errors.ts";

/** One time at which a schedule is due. `local` is its wall time with the offset, such as `2026-10-25T02:30+02:00`. */
export type Slot = { at: Date; local: string };

const DAY_MS = 24 * 60 * 60_000;

/**
 * Parsed patterns. Parsing takes longer than finding a time, and each run of housekeeping needs all schedules. A pattern
 * takes about 80 KB, because Croner keeps a list of 10,000 years.
 */
const known = new LRUCache<string, Cron>({ max: 50 });

/**
 * Cron times in a time zone. A time without `*` or steps (a fixed time) happens exactly once a day. Where clocks are
 * set back, that is the first occurrence; where clocks skip the time, it is the end of the gap. A pattern with `*` or
 * steps keeps its interval in real time: it runs in both passes of a repeated hour, and never in a skipped one.
 */
export function readCron(pattern: string, timeZone: string): Cron {
  const name = `${timeZone} ${pattern}`;
  const found = known.get(name);
  if (found) return found;
  const reader = parse(pattern, timeZone);
  known.set(name, reader);
  return reader;
}

function parse(pattern: string, timeZone: string): Cron {
  try {
    // Croner's own messages about the number of parts contradict each other. It also reads names such as "@daily".
    if (!/^@\w+$/.test(pattern.trim()) && pattern.trim().split(/\s+/).length !== 5)
      throw new Error("it needs five parts: minute, hour, day, month and day of the week");
    // Throws for an unknown zone. Croner would check the zone only when it computes a time.
    offsetOf(new Date(0), timeZone);
    return new Cron(pattern, {
      // For UTC an offset gives the same times as a zone, but Croner need not call Intl for each time.
      ...(timeZone === "UTC" ? { utcOffset: 0 } : { timezone: timeZone }),
      paused: true,
      mode: "5-part",
      fixedTimeRule: "no-wildcard",
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_request", `"${pattern}" in "${timeZone}" is no schedule: ${reason}`, {
      cause,
    });
  }
}

/** The first `limit` slots after `after`, up to and including `until`. */
export function slotsBetween(
  { cron, timeZone }: { cron: string; timeZone: string },
  after: Date,
  until: Date,
  limit: number,
): Slot[] {
  const slots: Slot[] = [];
  const next = timesOf(cron, timeZone);
  for (let at = next(after); at !== null && at <= until && slots.length < limit; at = next(at))
    slots.push({ at, local: localTime(at, timeZone) });
  return slots;
}

/** The newest slot before `before`; undefined when there was none. */
export function slotBefore(times: { cron: string; timeZone: string }, before: Date): Date | undefined {
  const [found] = readCron(times.cron, times.timeZone).previousRuns(1, before);
  if (found === undefined) return undefined;
  // Croner may have left out a slot between `found` and `before`, as explained below.
  const [later] = slotsBetween(times, found, new Date(before.getTime() - 1), 1);
  return later?.at ?? found;
}

/** Returns a function that finds the first time after a moment. */
function timesOf(cron: string, timeZone: string): (after: Date) => Date | null {
  const reader = readCron(cron, timeZone);
  // Only the fields of minute and hour decide whether a time is fixed.
  if (/[*/]/.test(cron.trim().split(/\s+/, 2).join())) return (after) => reader.nextRun(after);
  // Croner 11 drops a fixed time in a gap that ends at midnight, as in Greenland. So Croner is used here only to read
  // the pattern.
  const pattern = readCron(cron, "UTC");
  return (after) => {
    const shown = new Date(after.getTime() + offsetOf(after, timeZone).ms);
    for (let local = pattern.nextRun(shown); local !== null; local = pattern.nextRun(local)) {
      const at = momentOf(local.getTime(), timeZone);
      // When `at` is before `after`, `after` is in the second pass of a repeated hour, and `at` came in the first pass.
      if (at > after) return at;
    }
    return null;
  };
}

/**
 * The first moment at which local clocks show this time (given as if it were UTC). If the clocks skip this time, it is
 * the end of the gap.
 */
function momentOf(local: number, timeZone: string): Date {
  const offset = (time: number) => offsetOf(new Date(time), timeZone).ms;
  const [before, after] = [offset(local - DAY_MS), offset(local + DAY_MS)];
  const shows = [before, after].find((ms) => offset(local - ms) === ms);
  return shows === undefined
    ? changeBetween(local - after, local - before, timeZone)
    : new Date(local - shows);
}

/** Finds, to the minute, when the zone's clocks change between two times with different offsets. */
export function changeBetween(from: number, to: number, timeZone: string): Date {
  const offset = (time: number) => offsetOf(new Date(time), timeZone).ms;
  const before = offset(from);
  let [low, high] = [from, to];
  while (high - low > 60_000) {
    const middle = low + Math.floor((high - low) / 120_000) * 60_000;
    if (offset(middle) === before) low = middle;
    else high = middle;
  }
  return new Date(high);
}

export const localTime = (at: Date, timeZone: string): string => {
  const offset = offsetOf(at, timeZone);
  return new Date(at.getTime() + offset.ms).toISOString().slice(0, 16) + offset.text;
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far local clocks are ahead of UTC. Throws for an unknown zone. */
export function offsetOf(at: Date, timeZone: string): { ms: number; text: string } {
  if (timeZone === "UTC") return { ms: 0, text: "+00:00" };
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
    formats.set(timeZone, format);
  }
  const name = format.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value;
  const [, sign = "+", hours = "00", minutes = "00"] = /([+-])(\d\d):(\d\d)/.exec(name ?? "") ?? [];
  const ms = (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  return { ms, text: `${sign}${hours}:${minutes}` };
}
