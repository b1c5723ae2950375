import { type Clock, sleep } from "#lib/clock.ts";
import { rateLimited, type Taken, type Tokens } from "#lib/database/tokens.ts";
import type { AppError } from "#lib/errors.ts";

export type Pace = ReturnType<typeof createPace>;

type Settings = {
  tokens: Pick<Tokens, "take" | "pause">;
  clock: Clock;
  /** The provider account whose requests are counted. */
  account: string;
  /** Requests per second, over all processes; 0 means no limit. */
  perSecond: number;
  /** Whether the mails are sent before those of campaigns. */
  isUrgent?: boolean;
};

/** Waits that are longer than this are left to the engine, where they cost nothing. */
const PATIENCE_MS = 5_000;
/**
 * Requests of campaigns are granted at most this much in advance, so that a single mail waits hardly longer than this.
 */
const CAMPAIGN_AHEAD_MS = 400;

/**
 * The rate limit of one provider account. The database gives every request a start time, for all processes. Within this
 * process two requests never begin closer together than the rate allows, even when the first one was late. Requests of
 * campaigns wait for their start time in this process. Requests that are `isUrgent` get theirs at once, before those of
 * campaigns.
 */
export function createPace({ tokens, clock, account, perSecond, isUrgent = false }: Settings) {
  const key = `mail:${account}`;
  const isOn = perSecond > 0;
  const aheadMs = isUrgent ? PATIENCE_MS : CAMPAIGN_AHEAD_MS;
  const want = isOn
    ? { key, capacity: 1, refillPerSecond: perSecond, take: 1, patienceMs: aheadMs }
    : { key, capacity: 1, refillPerSecond: 1, take: 0 };
  // The interval is one percent shorter than the rate demands, so that later requests can make up for a late one.
  const intervalMs = isOn ? 990 / perSecond : 0;
  let last = Promise.resolve(0);
  let line: Promise<unknown> = Promise.resolve();

  /** Asks for a start time until one is granted, the provider wants a pause, or the wait would go beyond `until`. */
  async function ask(until: number): Promise<Taken> {
    for (;;) {
      const answer = await tokens.take([want]);
      if (answer.granted || answer.pausedMs > 0 || isUrgent) return answer;
      const restMs = Math.max(1, answer.waitMs - aheadMs);
      if (clock.now().getTime() + restMs > until) return answer;
      await sleep(clock, restMs);
    }
  }

  /**
   * Requests of this process ask for their start time one after the other, so that they begin in the order in which
   * they asked.
   */
  function askInTurn(): Promise<Taken> {
    const until = clock.now().getTime() + PATIENCE_MS;
    const turn = line.then(() => ask(until));
    line = turn.catch(() => {});
    return turn;
  }

  return {
    isOn,

    /** Resolves when a request may begin, or with an error that says how long to wait before asking again. */
    async reach(): Promise<AppError | undefined> {
      const answer = await askInTurn();
      if (!answer.granted) return rateLimited(key, answer);
      const slot = clock.now().getTime() + answer.waitMs;
      last = last.then(async (before) => {
        const ms = Math.max(slot, before + intervalMs) - clock.now().getTime();
        if (ms > 0) await sleep(clock, ms);
        return clock.now().getTime();
      });
      await last;
      return undefined;
    },

    /** Pauses all processes that share the account, when the provider's refusal asks for it. */
    async obey({ code, retryAfterMs }: AppError): Promise<void> {
      if (code === "provider_rate_limited" && retryAfterMs !== undefined)
        await tokens.pause(key, retryAfterMs);
    },
  };
}
