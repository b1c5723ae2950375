import type { VirtualClock } from "./clock.ts";
import { durationOf } from "./duration.ts";

export type Within = { within?: string };

/**
 * Moves the clock from timer to timer until the condition is true, but at most by `within`. `calls` counts the calls to
 * the app so far.
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
