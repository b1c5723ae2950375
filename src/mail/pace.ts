import { type Clock, sleep } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";

export type Pace = ReturnType<typeof createPace>;

type Settings = {
  tokens: Pick<Tokens, "take" | "pause">;
  clock: Clock;
  /** The provider account whose requests are counted. */
  account: string;
  /** Requests a second, over all processes; 0 is no pace of our own. */
  perSecond: number;
};

/** Longer waits are left to the engine, where they cost nothing. */
const PATIENCE_MS = 5_000;

/**
 * The pace of one provider account. Places in time are kept in the database for all processes; within this process no
 * request begins nearer to the one before than the pace allows, however late that one was.
 */
export function createPace({ tokens, clock, account, perSecond }: Settings) {
  const key = `mail:${account}`;
  const isOn = perSecond > 0;
  const want = isOn
    ? { key, capacity: 1, refillPerSecond: perSecond, take: 1, patienceMs: PATIENCE_MS }
    : { key, capacity: 1, refillPerSecond: 1, take: 0 };
  // A hundredth less, so that what one request is late the next ones make up for.
  const intervalMs = isOn ? 990 / perSecond : 0;
  let last = Promise.resolve(0);
  return {
    isOn,
    /** The account's bucket. */
    bucket: key,

    /** Resolves when a request may be made. Not 0: the provider wants silence, for so many milliseconds more. */
    async reach(): Promise<number> {
      const { granted, waitMs } = await tokens.take([want]);
      if (!granted || !isOn) return waitMs;
      const slot = clock.now().getTime() + waitMs;
      last = last.then(async (before) => {
        const ms = Math.max(slot, before + intervalMs) - clock.now().getTime();
        if (ms > 0) await sleep(clock, ms);
        return clock.now().getTime();
      });
      await last;
      return 0;
    },

    /** The provider wants silence: from all who share the account. */
    silence: (ms: number) => tokens.pause(key, ms),
  };
}
