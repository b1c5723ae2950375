import type { Logger } from "#lib/logger.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

type Dependencies = { env: { CHECK_IN_URL?: string | undefined }; safeFetch: SafeFetch; logger: Logger };

const TIMEOUT_MS = 5_000;

/**
 * Tells an outside service (Sentry's crons, healthchecks.io, any address) that the monitor is running. The service
 * raises an alarm when no call comes, because a monitor that is down cannot report that itself. Never throws.
 */
export const createCheckIn =
  ({ env, safeFetch, logger }: Dependencies) =>
  async (): Promise<boolean> => {
    if (env.CHECK_IN_URL === undefined) return false;
    try {
      const answer = await safeFetch(env.CHECK_IN_URL, { timeoutMs: TIMEOUT_MS });
      await answer.discard();
      const { status } = answer;
      if (status < 300) return true;
      logger.warn({ status }, "the check-in was refused");
    } catch (err) {
      logger.warn({ err }, "the check-in failed");
    }
    return false;
  };
