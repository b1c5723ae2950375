import { type Clock, sleep } from "#lib/clock.ts";
import { rateLimited, type Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import { createJsonApi } from "#lib/outside/json-api.ts";

type Dependencies = {
  env: Pick<Env, "RESEND_API_KEY" | "RESEND_BASE_URL" | "MAIL_REQUESTS_PER_SECOND">;
  fetch: Fetch;
  clock: Clock;
  tokens: Pick<Tokens, "take">;
};

/**
 * The bucket of requests that send mail. It is used here too, because Resend counts all requests of an account
 * together.
 */
const BUCKET = "mail:resend";
const PATIENCE_MS = 5_000;

/** Reads from Resend's API, within the rate limit of the account. */
export function createResendApi({ env, fetch, clock, tokens }: Dependencies) {
  const perSecond = env.MAIL_REQUESTS_PER_SECOND;
  return createJsonApi({
    name: "Resend",
    baseUrl: env.RESEND_BASE_URL,
    headers: { authorization: `Bearer ${env.RESEND_API_KEY ?? ""}` },
    clock,
    async fetch(input, init) {
      if (perSecond > 0) await takeTurn();
      return fetch(input, init);
    },
  });

  async function takeTurn(): Promise<void> {
    const taken = await tokens.take([
      { key: BUCKET, capacity: 1, refillPerSecond: perSecond, take: 1, patienceMs: PATIENCE_MS },
    ]);
    if (!taken.granted) throw rateLimited(BUCKET, taken);
    await sleep(clock, taken.waitMs);
  }
}
