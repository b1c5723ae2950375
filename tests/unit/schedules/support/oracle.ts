/**
 * Cron times, written without any cron library: it looks at every minute around a change of the clocks and asks what
 * the local clocks show.
 */

const MINUTE = 60_000;
/** No clock changes within a quarter of an hour. */
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How far around a moment the oracle looks, so that it knows whole local days. */
const REACH = 30 * HOUR;

export type Rule =
  /** A fixed time happens once a day: the first time where it comes twice, at the end of the gap where it is missing. */
  | "fixed times once"
  /** Every moment counts whose local time matches. */
  | "every match";

export function oracle(expression: string, zone: string, around: number, rule: Rule): number[] {
  const [minutes, hours, days, months, weekdays] = fieldsOf(expression);
  const matchesDay = (wall: Date) => {
    const day = days.has(wall.getUTCDate());
    const weekday = weekdays.has(wall.getUTCDay());
    const [, , dayField, , weekdayField] = expression.split(" ");
    const both = dayField === "*" || weekdayField === "*" ? day && weekday : day || weekday;
    return both && months.has(wall.getUTCMonth() + 1);
  };
  const matches = (wall: number) =>
    minutes.has((wall / MINUTE) % 60) &&
    hours.has(Math.floor(wall / HOUR) % 24) &&
    matchesDay(new Date(wall));
  const start = Math.floor((around - REACH) / QUARTER) * QUARTER;
  const found = new Set<number>();
  const seen = new Set<number>();
  const isFixed = rule === "fixed times once" && !/[*/]/.test(expression.split(" ").slice(0, 2).join(" "));
  let offset = offsetAt(start, zone);
  let before = start + offset;
  for (let moment = start; moment <= around + REACH; moment += MINUTE) {
    if (moment % QUARTER === 0) offset = offsetAt(moment, zone);
    const wall = moment + offset;
    // The local minutes that were jumped over.
    if (isFixed)
      for (let missing = before + MINUTE; missing < wall; missing += MINUTE)
        if (matches(missing)) found.add(moment);
    if (matches(wall) && !(isFixed && seen.has(wall))) found.add(moment);
    seen.add(wall);
    before = wall;
  }
  return [...found].toSorted((a, b) => a - b);
}

/** No zone changes its clocks twice within this time. */
const STEP = 7 * DAY;

/** The moments in this year at which the zone's clocks change, to the minute. */
export function changesIn(zone: string, year: number): number[] {
  const found: number[] = [];
  const end = Date.UTC(year + 1, 0, 1);
  for (let start = Date.UTC(year, 0, 1); start < end; start += STEP) {
    const before = offsetAt(start, zone);
    let [low, high] = [start, Math.min(start + STEP, end)];
    if (before === offsetAt(high, zone)) continue;
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / (2 * MINUTE)) * MINUTE;
      if (offsetAt(middle, zone) === before) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

const NAMES: Record<string, number> = Object.fromEntries([
  ..."sun mon tue wed thu fri sat".split(" ").map((name, n) => [name, n]),
  ..."jan feb mar apr may jun jul aug sep oct nov dec".split(" ").map((name, n) => [name, n + 1]),
]);
const LIMITS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 6],
] as const;
type Fields = [Set<number>, Set<number>, Set<number>, Set<number>, Set<number>];

function fieldsOf(expression: string): Fields {
  const texts = expression.toLowerCase().split(" ");
  const sets = LIMITS.map(([least, most], index) => {
    const values = new Set<number>();
    for (const item of (texts[index] ?? "").split(",")) {
      const [range = "", step = "1"] = item.split("/");
      const [from, to = from] =
        range === "*" ? [least, most] : range.split("-").map((text) => NAMES[text] ?? Number(text));
      for (let value = from ?? least; value <= (to ?? most); value += Number(step)) values.add(value);
    }
    return values;
  });
  return sets as Fields;
}

/** Asks Intl once a day, and for each quarter of an hour on days with a change. */
function offsetAt(moment: number, zone: string): number {
  const day = Math.floor(moment / DAY) * DAY;
  const atStart = offsetOnce(day, zone);
  if (atStart === offsetOnce(day + DAY, zone)) return atStart;
  return offsetOnce(Math.floor(moment / QUARTER) * QUARTER, zone);
}

const offsets = new Map<string, number>();
function offsetOnce(moment: number, zone: string): number {
  const key = `${zone} ${moment}`;
  const offset = offsets.get(key) ?? askOffset(moment, zone);
  offsets.set(key, offset);
  return offset;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function askOffset(moment: number, zone: string): number {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  formats.set(zone, format);
  const part = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
  );
  const wall = Date.UTC(
    part["year"] ?? 0,
    (part["month"] ?? 0) - 1,
    part["day"],
    part["hour"],
    part["minute"],
  );
  return wall - moment;
}
