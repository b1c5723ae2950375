import { type Clock, sleep } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";

export type Pace = ReturnType<typeof createPace>;

type Settings = {
  tokens: Pick<Tokens, "take" | "pause">;
  clock: Clock;
  /** The provider account whose requests are counted. */
  account: string;
  /** Requests per second, over all processes; 0 means no limit of ours. */
  perSecond: number;
};

/** Longer waits are left to the engine, where they cost nothing. */
const PATIENCE_MS = 5_000;

/**
 * The rate limit of one provider account. The database gives every request a start time, for all processes. Within this
 * process two requests never begin closer together than the rate allows, even when the first one was late.
 */
export function createPace({ tokens, clock, account, perSecond }: Settings) {
  const key = `mail:${account}`;
  const isOn = perSecond > 0;
  const want = isOn
    ? { key, capacity: 1, refillPerSecond: perSecond, take: 1, patienceMs: PATIENCE_MS }
    : { key, capacity: 1, refillPerSecond: 1, take: 0 };
  // One percent shorter, so that later requests can make up for a late one.
  const intervalMs = isOn ? 990 / perSecond : 0;
  let last = Promise.resolve(0);
  return {
    isOn,
    /** The account's token bucket. */
    bucket: key,

    /**
     * Resolves when a request may begin. A result other than 0 means that the provider wants a pause of so many more
     * milliseconds.
     */
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

    /** Pauses all processes that share the account, because the provider asked for it. */
    silence: (ms: number) => tokens.pause(key, ms),
  };
}
