import { evaluate } from "./cel.ts";
import type { RunDocument } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { limits } from "./limits.ts";
import type { EventPayload, FunctionConfig } from "./protocol.ts";

/** Flow control as arithmetic: the server's rate algorithm, and what a function's settings mean for one event. */

export type Rate = { limit: number; burst: number; periodMs: number };
export type RateState = { theoreticalArrival: number };

/**
 * The generic cell rate algorithm, as the server runs it. Starts are spread evenly: `limit: 2, period: "1h"` lets one
 * start pass every thirty minutes, and only `burst` more at once.
 */
export function admit(
  state: RateState | undefined,
  { limit, burst, periodMs }: Rate,
  now: number,
): { state: RateState } | { retryAt: number } {
  const interval = periodMs / Math.max(1, limit);
  const theoreticalArrival = Math.max(state?.theoreticalArrival ?? now, now) + interval;
  const admitAt = theoreticalArrival - interval * (burst + 1);
  // A tolerance: thirds of a second do not add up exactly.
  return admitAt > now + 1e-6 ? { retryAt: Math.ceil(admitAt) } : { state: { theoreticalArrival } };
}

/** An expression's value as part of a key. Without an expression all events share one key. */
export function keyOf(expression: string | undefined, event: EventPayload): string {
  if (expression === undefined || expression === "") return "";
  const value = evaluate(expression, { event });
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The `idempotency` option is the server's own rate limit of one start in 24 hours, and takes its place. */
export function rateLimitOf(fn: FunctionConfig): { rate: Rate; key: string | undefined } | undefined {
  if (fn.idempotency !== undefined)
    return { rate: { limit: 1, burst: 0, periodMs: limits.idempotencyMs }, key: fn.idempotency };
  if (!fn.rateLimit) return undefined;
  const { limit, period, key } = fn.rateLimit;
  return { rate: { limit, burst: Math.floor(limit / 10), periodMs: durationOf(period) }, key };
}

export function throttleOf(fn: FunctionConfig, event: EventPayload): RunDocument["throttle"] {
  if (!fn.throttle) return undefined;
  const { limit, period, burst = 0, key } = fn.throttle;
  return { key: `throttle|${fn.id}|${keyOf(key, event)}`, limit, burst, periodMs: durationOf(period) };
}

/** Limits of executing calls. A scope wider than the function is shared by all functions with the same key value. */
export const concurrencyOf = (fn: FunctionConfig, event: EventPayload): RunDocument["limits"] =>
  fn.concurrency
    .filter(({ limit }) => limit > 0)
    .map(({ limit, key, scope = "fn" }) => ({
      limit,
      key: `${scope === "fn" ? fn.id : scope}|${key === undefined ? "" : `=${keyOf(key, event)}`}`,
    }));

/**
 * Seconds by which a run goes before others that were queued at the same time; below zero, by which it is delayed.
 */
export function priorityOf(fn: FunctionConfig, event: EventPayload): number {
  if (!fn.priority?.run) return 0;
  const value = evaluate(fn.priority.run, { event });
  const most = limits.prioritySeconds;
  return typeof value === "number" ? Math.max(-most, Math.min(most, Math.trunc(value))) : 0;
}

export const maxAttempts = (fn: FunctionConfig): number =>
  (fn.steps.step.retries?.attempts ?? limits.defaultRetries) + 1;
