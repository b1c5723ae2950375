import { Cron } from "croner";
import { AppError } from "#lib/errors.ts";

/** One time at which a schedule is due. `local` is its wall time with the offset, such as `2026-10-25T02:30+02:00`. */
export type Slot = { at: Date; local: string };

/**
 * Cron times in a time zone, by croner alone. A time without `*` or steps happens exactly once a day: at its first
 * occurrence where clocks are set back, and at the end of the gap where they skip it. A pattern with `*` or steps
 * keeps its interval in real time: it runs in both passes of a repeated hour, and never in a skipped one.
 */
export function readCron(pattern: string, timeZone: string): Cron {
  try {
    // Croner checks the zone only when it computes a time.
    offsetOf(new Date(0), timeZone);
    return new Cron(pattern, {
      timezone: timeZone,
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
  const reader = readCron(cron, timeZone);
  const slots: Slot[] = [];
  let at = reader.nextRun(after);
  while (at !== null && at <= until && slots.length < limit) {
    slots.push({ at, local: localTime(at, timeZone) });
    at = reader.nextRun(at);
  }
  return slots;
}

/** The newest slot before `before`; undefined: there was none. */
export const slotBefore = (
  { cron, timeZone }: { cron: string; timeZone: string },
  before: Date,
): Date | undefined => readCron(cron, timeZone).previousRuns(1, before)[0];

export const localTime = (at: Date, timeZone: string): string => {
  const offset = offsetOf(at, timeZone);
  return new Date(at.getTime() + offset.ms).toISOString().slice(0, 16) + offset.text;
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far local clocks are ahead of UTC. Throws for an unknown zone. */
export function offsetOf(at: Date, timeZone: string): { ms: number; text: string } {
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
