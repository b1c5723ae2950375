/** Numbers and times as text. All functions are pure; the current time is a parameter. */

const relative = new Intl.RelativeTimeFormat("en");
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const count = (value: number): string => whole.format(value);
/** 12,345 → "12.3K", for narrow places. */
export const short = (value: number): string =>
  value < 10_000 ? whole.format(value) : compact.format(value);
/** A number that was counted only up to a limit: "2,000+" when there are more. */
export const atLeast = (value: number, isMore: boolean): string =>
  `${short(value)}${isMore && value > 0 ? "+" : ""}`;
/** A rate per second: 0.4, 7.5, 120. */
export const rate = (value: number): string => (value < 10 ? decimal.format(value) : whole.format(value));
/** 0.0312 → "3.1 %". A small share is never shown as 0 %, and an incomplete one never as 100 %. */
export function share(value: number): string {
  const percent = value * 100;
  const digits = percent > 0 && percent < 10 ? 1 : percent > 99 && percent < 100 ? 1 : 0;
  const factor = 10 ** digits;
  const kept = percent > 99 ? Math.floor(percent * factor) / factor : percent;
  return `${kept.toFixed(digits)} %`;
}

/** "now", "5 seconds ago", "in 3 minutes". */
export function ago(iso: string, now: number): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  if (seconds === 0) return "now";
  const size = Math.abs(seconds);
  if (size < MINUTE) return relative.format(seconds, "second");
  const minutes = Math.round(seconds / MINUTE);
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  const hours = Math.round(seconds / HOUR);
  if (Math.abs(hours) < 24) return relative.format(hours, "hour");
  return relative.format(Math.round(seconds / DAY), "day");
}

/** 850 → "850 ms", 4200 → "4.2 s", 61_000 → "1 min 1 s", 3_660_000 → "1 h 1 min". */
export function lasting(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const all = Math.round(seconds);
  if (all < MINUTE) return `${all} s`;
  if (all < HOUR) return pair(Math.floor(all / MINUTE), "min", all % MINUTE, "s");
  const minutes = Math.round(seconds / MINUTE);
  if (all < DAY) return pair(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(seconds / HOUR);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

const pair = (large: number, largeUnit: string, little: number, littleUnit: string): string =>
  little === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${little} ${littleUnit}`;

/** 7_400 → "0:08". The time is rounded up, so that zero means now. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  const tail = String(seconds % MINUTE).padStart(2, "0");
  return hours === 0 ? `${minutes}:${tail}` : `${hours}:${String(minutes).padStart(2, "0")}:${tail}`;
}

const clockTime = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const timeOfDay = (ms: number): string => clockTime.format(ms);

const moment = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
/** "Nov 22, 2026, 09:34:09 GMT+1": in the reader's own time zone, which is shown. */
export const exact = (iso: string): string => moment.format(Date.parse(iso));

/** The beginning of a long text, for places with one line and for screen readers. */
export function brief(text: string): string {
  const characters = Array.from(text);
  return characters.length <= 80 ? text : `${characters.slice(0, 79).join("").trimEnd()}…`;
}

/** Words for a period of at most sixty minutes that ends with the current minute. */
export function lastMinutes(minutes: number): string {
  if (minutes === 60) return "in the last hour";
  return minutes === 1 ? "in this minute" : `in the last ${minutes} minutes`;
}

/** The sentence with a full stop, unless it already ends with a punctuation mark. */
export const withStop = (sentence: string): string => sentence.replace(/[^.!?…]$/, "$&.");
