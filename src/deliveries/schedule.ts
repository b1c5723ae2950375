const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * The delays after each failed attempt; when they are used up, the delivery has failed.
 * - "standard": 10 attempts in 75 hours, as most senders of webhooks do;
 * - "short": the documents' `max_retries=5` (S2-18), doubled each time.
 */
export const SCHEDULES = {
  standard: [
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
  ],
  short: [10 * SECOND, 20 * SECOND, 40 * SECOND, 80 * SECOND, 160 * SECOND],
} as const;

export type ScheduleName = keyof typeof SCHEDULES;
export const SCHEDULE_NAMES = ["standard", "short"] as const satisfies readonly ScheduleName[];

/** Delays differ by up to 20 %, so that the deliveries of an outage are not all repeated at once. */
const JITTER = 0.2;

/**
 * The delay after failed attempt number `attempt` (1 is the first); undefined after the last attempt. `random` is in
 * [0, 1). When the endpoint asks for a longer wait (`wantedMs`), the delay is that wait.
 */
export function delayAfter(
  schedule: ScheduleName,
  attempt: number,
  random: number,
  wantedMs = 0,
): number | undefined {
  const delay = SCHEDULES[schedule][attempt - 1];
  if (delay === undefined) return undefined;
  return Math.max(Math.round(delay * (1 + JITTER * (2 * random - 1))), wantedMs);
}
