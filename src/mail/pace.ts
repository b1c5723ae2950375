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

/** The engine does the waits that are longer than this, because waiting in the engine costs nothing. */
const PATIENCE_MS = 5_000;
/**
 * Requests of campaigns are granted at most this much in advance, so that a single mail waits hardly longer than this.
 */
const CAMPAIGN_AHEAD_MS = 400;

/**
 * The rate limit of one provider account. The database gives every request a start time, for all processes. Within this
 * process two requests never begin closer together than the rate allows, even when the first one was late. Requests of
 * campaigns wait for their start time in this process. Urgent requests (`isUrgent`) get their start time at once, before
 * requests of campaigns.
 */
export function createPace({ tokens, clock, account, perSecond, isUrgent = false }: Settings) {
  const key = `mail:${account}`;
  const aheadMs = isUrgent ? PATIENCE_MS : CAMPAIGN_AHEAD_MS;
  // Without a limit no token is taken, but the bucket still says whether the provider wants a pause.
  const take = perSecond > 0 ? 1 : 0;
  const refillPerSecond = perSecond || 1_000;
  // The interval is one percent shorter than the rate demands, so that later requests can make up for a late one.
  const intervalMs = Math.floor(990 / refillPerSecond);
  const nowMs = () => clock.now().getTime();
  let last = 0;
  let line: Promise<unknown> = Promise.resolve();

  /** Asks for a start time until one is granted, the provider wants a pause, or the wait would go beyond `until`. */
  async function ask(until: number): Promise<Taken> {
    for (;;) {
      const answer = await tokens.take([{ key, capacity: 1, refillPerSecond, take, patienceMs: aheadMs }]);
      const restMs = Math.max(1, answer.waitMs - aheadMs);
      if (answer.granted || answer.pausedMs > 0 || isUrgent || nowMs() + restMs > until) return answer;
      await sleep(clock, restMs);
    }
  }

  return {
    isOn: take > 0,

    /** Resolves when a request may begin, or with an error that says how long to wait before asking again. */
    async reach(): Promise<AppError | undefined> {
      const until = nowMs() + PATIENCE_MS;
      // Requests ask one after the other, so that they begin in the order in which they asked.
      const turn = line.then(() => ask(until));
      line = turn.catch(() => {});
      const answer = await turn;
      if (!answer.granted) return rateLimited(key, answer);
      const slot = nowMs() + answer.waitMs;
      const restMs = () => Math.max(slot, last + intervalMs) - nowMs();
      while (restMs() > 0) await sleep(clock, restMs());
      last = nowMs();
      return undefined;
    },

    /** Pauses all processes that share the account, when the provider's refusal asks for a pause. */
    async obey({ code, retryAfterMs }: AppError): Promise<void> {
      if (code === "provider_rate_limited" && retryAfterMs !== undefined)
        await tokens.pause(key, retryAfterMs);
    },
  };
}
