import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";
import { MAX_SILENCE_MS, retryAfterMs } from "#lib/outside/provider-answer.ts";

/** One bucket and what is taken from it: `capacity` calls at once, then `refillPerSecond`. */
export type Want = {
  key: string;
  capacity: number;
  refillPerSecond: number;
  take: number;
  /** So long the caller is ready to wait: then it is granted, but comes `waitMs` later. */
  patienceMs?: number;
};
export type Taken = { granted: boolean; waitMs: number };
export type Tokens = ReturnType<typeof createTokens>;

/** The documents' own bucket (S4-56). Instead of polling every 100 ms an answer says how long to wait. */
export const DOCUMENTED_BUCKET = { capacity: 100, refillPerSecond: 10, take: 1 } as const;

const taken = z.object({ granted: z.boolean(), waitMs: z.number() });

/**
 * Rates that all processes keep together: buckets are rows, and taking from several is one atomic call. A function
 * that gets nothing throws `rateLimited(waitMs)` and holds no place while it waits.
 */
export function createTokens(db: DatabaseClient, clock: Clock) {
  const { call } = createCall(db, clock);
  return {
    /** From all of the buckets, or from none. */
    take: (wants: readonly Want[]): Promise<Taken> => call("take_tokens", { wants: [...wants] }, taken),

    /** Nothing from this bucket for so long. */
    pause: (key: string, ms: number): Promise<void> =>
      call("learn_tokens", { key, remaining: null, blockedUntil: after(clock, ms) }),

    /** The provider knows best: its `Retry-After` and `x-ratelimit-*` headers correct the bucket (S4-54). */
    async learn(key: string, headers: Headers): Promise<void> {
      const { remaining, blockedUntil } = readRateHeaders(headers, clock.now());
      if (remaining === null && blockedUntil === null) return;
      await call("learn_tokens", { key, remaining, blockedUntil: blockedUntil?.toISOString() });
    },
  };
}

const after = (clock: Clock, ms: number) => new Date(clock.now().getTime() + ms).toISOString();

/** What to throw when nothing was granted: the engine comes back when there is something. */
export const rateLimited = (key: string, { waitMs }: Taken): AppError =>
  new AppError("provider_rate_limited", `The rate of ${key} is used up`, {
    retryAfterMs: Math.max(1, waitMs),
  });

/** A time after 2001 in seconds; less is a number of seconds from now, more than this in thousands is milliseconds. */
const EPOCH_SECONDS = 1e9;

/** `x-ratelimit-reset` is a date in seconds (GitHub), in milliseconds, or seconds from now (Resend, the IETF draft). */
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
