import type { Clock } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import { createPace } from "#mail/pace.ts";

type Settings = {
  tokens: Pick<Tokens, "take" | "pause">;
  clock: Clock;
  account: string;
  /** As in `createPace`. */
  perSecond: number;
};

/** By how much such mails may postpone the requests of campaigns. */
const MAX_POSTPONED_MS = 30_000;

export type UrgentPace = ReturnType<typeof createUrgentPace>;

/**
 * The rate limit for mails that must not wait behind a campaign. Among themselves they keep the account's rate. Each
 * takes its place in the account's bucket at once, so that the next requests of campaigns are postponed.
 */
export function createUrgentPace({ tokens, clock, account, perSecond }: Settings) {
  const urgent = createPace({ tokens, clock, account: `${account}:urgent`, perSecond });
  const whole = createPace({ tokens, clock, account, perSecond });
  const isOn = perSecond > 0;
  const want = {
    key: whole.bucket,
    capacity: 1,
    refillPerSecond: isOn ? perSecond : 1,
    take: isOn ? 1 : 0,
    patienceMs: MAX_POSTPONED_MS,
  };
  return {
    /** As `reach` of `createPace`: resolves when the request may begin; not 0: so many milliseconds to wait first. */
    async reach(): Promise<number> {
      const ownWaitMs = await urgent.reach();
      if (ownWaitMs > 0) return ownWaitMs;
      const { granted, waitMs, pausedMs } = await tokens.take([want]);
      return granted ? pausedMs : waitMs;
    },
    silence: whole.silence,
  };
}
