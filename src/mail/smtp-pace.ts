import { type Clock, sleep } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";

export type SmtpPace = ReturnType<typeof createSmtpPace>;

type Settings = {
  tokens: Pick<Tokens, "take">;
  clock: Clock;
  /** Mails per second, over all connections and processes; 0 means no limit. */
  perSecond: number;
};

/**
 * One call takes the tokens for this share of a second. A larger share would delay single mails; a smaller one needs
 * more calls.
 */
const SHARE = 0.25;

/** The rate of mails to an SMTP server. SMTP has no batches, so each mail counts. */
export function createSmtpPace({ tokens, clock, perSecond }: Settings) {
  const atOnce = Math.max(1, Math.round(perSecond * SHARE));
  return {
    /**
     * The rate for one batch. The returned function resolves with true when the next mail may begin, or with false when
     * the mail may not begin within `patienceMs`.
     */
    ofBatch(mails: number): (patienceMs: number) => Promise<boolean> {
      let left = mails;
      let granted = 0;
      let slot = 0;
      return async (patienceMs) => {
        if (perSecond === 0) return true;
        if (granted === 0) {
          const take = Math.min(atOnce, left);
          const want = { key: "smtp-mails", capacity: atOnce, refillPerSecond: perSecond, take, patienceMs };
          const answer = await tokens.take([want]);
          if (!answer.granted) {
            await sleep(clock, patienceMs);
            return false;
          }
          granted = take;
          slot = clock.now().getTime() + answer.waitMs;
        }
        const waitMs = slot - clock.now().getTime();
        if (waitMs > 0) await sleep(clock, waitMs);
        slot += 1000 / perSecond;
        granted -= 1;
        left -= 1;
        return true;
      };
    },
  };
}
