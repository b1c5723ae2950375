import { Cron } from "croner";

/**
 * When crons tick, by the rules of the server's library: at every moment whose local time matches the pattern. A local
 * time that is skipped in spring has no tick that day, and a local time that occurs twice in autumn has two ticks.
 * Croner is used only to read the pattern. With a time zone, croner would follow classic cron, which ticks after a
 * skipped time, and only once in autumn.
 */
type Schedule = { pattern: Cron; zone: string };

/** Reads `TZ=Europe/Berlin 0 3 * * *`. Without a zone the cron is in UTC. */
function parse(expression: string): Schedule {
  const [, zone = "UTC", pattern = expression] = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(expression) ?? [];
  offsetMs(0, zone);
  const fields = pattern.trim().split(/\s+/);
  if (fields.length !== 5) throw new Error(`expected 5 fields, found ${fields.length}`);
  for (const [index, field] of fields.entries())
    if (!fieldForms[index]?.test(field)) throw new Error(`"${field}" is not modelled by the local engine`);
  // The server accepts only 0 for Sunday, not 7.
  if (/(^|[-,])7/.test(fields[4] ?? "")) throw new Error("end of range (7) above maximum (6): 7");
  return { pattern: new Cron(pattern, { paused: true, utcOffset: 0 }), zone };
}

/**
 * Accepts `*`, `*` with a step, or a list of values and ranges, because the server's library and croner read other
 * forms differently.
 */
const formOf = (value: string): RegExp => {
  const item = `${value}(-${value}(/\\d+)?)?`;
  return new RegExp(`^(\\*(/(?!1$)\\d+)?|${item}(,${item})*)$`, "i");
};
const months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const days = "sun|mon|tue|wed|thu|fri|sat";
const fieldForms = ["\\d+", "\\d+", "\\d+", `(\\d+|${months})`, `(\\d+|${days})`].map(formOf);

export function cronError(expression: string): string | undefined {
  try {
    parse(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Clocks are set back by at most one hour, so two hours is a safe limit. */
const overlapMs = 2 * 3_600_000;

/** The first tick that is later than `after`. */
export function nextTick(expression: string, after: number): number | undefined {
  const { pattern, zone } = parse(expression);
  const next = (wall: number) => pattern.nextRun(new Date(wall))?.getTime();
  if (zone === "UTC") return next(after);

  let earliest: number | undefined;
  const start = after + offsetMs(after, zone) - overlapMs;
  for (let wall = next(start); wall !== undefined; wall = next(wall)) {
    // When clocks are set back, a later local time can be an earlier moment. The difference is never more than
    // `overlapMs`.
    if (earliest !== undefined && wall > earliest + offsetMs(earliest, zone) + overlapMs) break;
    for (const moment of momentsAt(wall, zone))
      if (moment > after && (earliest === undefined || moment < earliest)) earliest = moment;
  }
  return earliest;
}

/** The moments (none, one or two) at which local clocks show this time. */
function momentsAt(wall: number, zone: string): number[] {
  const day = 86_400_000;
  const offsets = new Set([offsetMs(wall - day, zone), offsetMs(wall + day, zone)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((moment) => moment + offsetMs(moment, zone) === wall);
}

const quarterMs = 15 * 60_000;
const mostOffsets = 10_000;
const offsets = new Map<string, number>();

/**
 * How far the zone is ahead of UTC at a moment. Throws for an unknown zone. Intl is slow, so the offset is computed
 * once for each quarter of an hour, within which no clock changes.
 */
function offsetMs(moment: number, zone: string): number {
  const quarter = Math.floor(moment / quarterMs) * quarterMs;
  const key = `${zone} ${quarter}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  if (offsets.size === mostOffsets) offsets.clear();
  const offset = askOffset(quarter, zone);
  offsets.set(key, offset);
  return offset;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function askOffset(moment: number, zone: string): number {
  const format = formats.get(zone) ?? formatOf(zone);
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return wall - moment;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  formats.set(zone, format);
  return format;
}

/** A tick's id is its time to the second, as on the server. */
export const tickId = (time: number): string => new Date(time).toISOString().replace(".000Z", "Z");
