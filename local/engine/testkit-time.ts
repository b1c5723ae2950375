import type { VirtualClock } from "./clock.ts";
import { durationOf } from "./duration.ts";

export type Within = { within?: string };

/**
 * When the clock begins: at noon (UTC) of a Wednesday in the middle of next month. If it began at the present, a test
 * could fail at some hours only, for example shortly before the time of a schedule. Some times are still the machine's
 * (those that Postgres or Supabase Auth gives), so the clock begins later than these.
 */
export function usualStart(): Date {
  const present = new Date();
  const eleventh = new Date(Date.UTC(present.getUTCFullYear(), present.getUTCMonth() + 1, 11, 12));
  const daysToWednesday = (3 - eleventh.getUTCDay() + 7) % 7;
  return new Date(eleventh.getTime() + daysToWednesday * 86_400_000);
}

/**
 * Moves the clock from timer to timer until the condition is true, but not further than `within`. `calls` counts the
 * calls to the app so far.
 */
export const createTurnUntil = (clock: VirtualClock, idle: () => Promise<void>, calls: () => number) =>
  async function turnUntil(condition: () => unknown, { within = "1d" }: Within): Promise<boolean> {
    const end = clock.now() + durationOf(within);
    for (;;) {
      await idle();
      const before = calls();
      if (await condition()) return true;
      const next = clock.next();
      if (next !== undefined && next <= end) {
        clock.turn(next);
        continue;
      }
      // Evaluating the condition may have begun work, for instance housekeeping. The condition is then evaluated again.
      await idle();
      if (calls() === before && clock.next() === next) return false;
    }
  };
