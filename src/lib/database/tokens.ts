import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";
import { MAX_SILENCE_MS, retryAfterMs } from "#lib/outside/provider-answer.ts";

/** One token bucket and the number of tokens to take: it allows `capacity` calls at once, then `refillPerSecond`. */
export type Want = {
  key: string;
  capacity: number;
  refillPerSecond: number;
  take: number;
  /**
   * How long the caller is ready to wait. Tokens that are refilled within that time are granted now, and the caller
   * must wait `waitMs` before it uses them.
   */
  patienceMs?: number;
};
/** `pausedMs`: how much of the wait is a pause that the provider asked for. */
export type Taken = { granted: boolean; waitMs: number; pausedMs: number };
export type Tokens = ReturnType<typeof createTokens>;

/**
 * The bucket of the source documents (S4-56). It is not polled every 100 ms, because the answer says how long to wait.
 */
export const DOCUMENTED_BUCKET = { capacity: 100, refillPerSecond: 10, take: 1 } as const;

const taken = z.object({ granted: z.boolean(), waitMs: z.number(), pausedMs: z.number() });

/**
 * Rate limits that all processes share. Each bucket is a row, and one atomic call takes tokens from several buckets. A
 * function that gets no tokens throws `rateLimited(waitMs)`, so that it uses no concurrency while it waits.
 */
export function createTokens(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    /** Takes tokens from all of the buckets, or from none. */
    take: (wants: readonly Want[]): Promise<Taken> => call("take_tokens", { wants: [...wants] }, taken),

    /** After this call the bucket gives no tokens for `ms` milliseconds. */
    pause: (key: string, ms: number): Promise<void> =>
      call("learn_tokens", { key, remaining: null, blockedUntil: after(clock, ms) }),

    /** Corrects the bucket by the provider's `Retry-After` and `x-ratelimit-*` headers (S4-54). */
    async learn(key: string, headers: Headers): Promise<void> {
      const { remaining, blockedUntil } = readRateHeaders(headers, clock.now());
      if (remaining === null && blockedUntil === null) return;
      await call("learn_tokens", { key, remaining, blockedUntil: blockedUntil?.toISOString() });
    },
  };
}

const after = (clock: Clock, ms: number) => new Date(clock.now().getTime() + ms).toISOString();

/** The error to throw when no tokens were granted. The engine tries again when there are tokens. */
export const rateLimited = (key: string, { waitMs }: Pick<Taken, "waitMs">): AppError =>
  new AppError("provider_rate_limited", `The rate of ${key} is used up`, {
    retryAfterMs: Math.max(1, waitMs),
  });

/**
 * Epoch seconds of the year 2001. A smaller number is a number of seconds from now; a number over 1,000 times larger is
 * epoch milliseconds.
 */
const EPOCH_SECONDS = 1e9;

/** `x-ratelimit-reset` is epoch seconds (GitHub), epoch milliseconds, or seconds from now (Resend, the IETF draft). */
export function readRateHeaders(headers: Headers, now: Date) {
  const remaining = numberIn(headers, "x-ratelimit-remaining");
  const reset = numberIn(headers, "x-ratelimit-reset");
  const retryMs = retryAfterMs(headers.get("retry-after"), now);
  const resetAt = remaining !== null && remaining <= 0 && reset !== null ? toTimeMs(reset, now) : 0;
  const retryAt = retryMs === undefined ? 0 : now.getTime() + retryMs;
  const until = Math.min(Math.max(resetAt, retryAt), now.getTime() + MAX_SILENCE_MS);
  return {
    remaining: remaining === null ? null : Math.max(0, remaining),
    blockedUntil: until > now.getTime() ? new Date(until) : null,
  };
}

function toTimeMs(reset: number, now: Date): number {
  if (reset >= EPOCH_SECONDS * 1000) return reset;
  return reset >= EPOCH_SECONDS ? reset * 1000 : now.getTime() + reset * 1000;
}

function numberIn(headers: Headers, name: string): number | null {
  const text = headers.get(name)?.trim();
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? null : value;
}
