const unitMs: Record<string, number> = {
  w: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 0.001,
  ns: 0.000_001,
};

const part = /(\d+(?:\.\d+)?)(ms|us|ns|w|d|h|m|s)/y;

/** Parses Inngest's durations ("1w2d", "2h30m", "300ms"). Undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  let total = 0;
  part.lastIndex = 0;
  while (part.lastIndex < text.length) {
    const match = part.exec(text);
    if (!match) return undefined;
    total += Number(match[1]) * (unitMs[match[2] ?? ""] ?? 0);
  }
  return text === "" ? undefined : total;
}

export const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d/.test(text);

/** Parses a duration or an ISO date to a time. A date in the past becomes now. */
export function parseMoment(text: string, now: number): number | undefined {
  if (isDate(text)) {
    const date = Date.parse(text);
    return Number.isNaN(date) ? undefined : Math.max(now, date);
  }
  const duration = parseDuration(text);
  return duration === undefined ? undefined : now + duration;
}

/** Parses a duration that was checked when the function was registered. */
export function durationOf(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new Error(`"${text}" is not a duration like "30s", "5m" or "1d12h".`);
  return duration;
}
