import { evaluate, keyValue } from "./cel.ts";
import type { RunDocument } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { limits } from "./limits.ts";
import { noteKey } from "./notebook.ts";
import type { EventPayload, FunctionConfig } from "./protocol.ts";
import { canonical } from "./signature.ts";

/** Flow control as pure functions: the server's rate algorithm, and what a function's settings mean for one event. */

export type Rate = { limit: number; burst: number; periodMs: number };
export type RateState = { theoreticalArrival: number };

/**
 * The generic cell rate algorithm, as on the server. Starts are spread evenly: `limit: 2, period: "1h"` allows one
 * start every thirty minutes. In addition, `burst` starts may be made at once.
 */
export function admit(
  state: RateState | undefined,
  { limit, burst, periodMs }: Rate,
  now: number,
): { state: RateState } | { retryAt: number } {
  const interval = periodMs / Math.max(1, limit);
  const theoreticalArrival = Math.max(state?.theoreticalArrival ?? now, now) + interval;
  const admitAt = theoreticalArrival - interval * (burst + 1);
  // A tolerance, because floating-point sums are not exact.
  return admitAt > now + 1e-6 ? { retryAt: Math.ceil(admitAt) } : { state: { theoreticalArrival } };
}

/**
 * The key of a concurrency limit, a throttle, a debounce or a batch: the value as Go prints it. So 5 and "5" give the
 * same key, and a missing value gives the key "false". Without an expression all events share one key.
 */
export function keyOf(expression: string | undefined, event: EventPayload): string {
  // An empty key counts as no key, because some clients send an empty key for a debounce.
  if (!expression) return "";
  const value = keyValue(expression, event) ?? false;
  if (typeof value === "string") return value;
  return typeof value === "number" ? printed(value) : canonical(value);
}

/** Go prints numbers from a million on with an exponent. */
function printed(value: number): string {
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value === 0 || (power >= -4 && power < 6)) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/**
 * The key of a rate limit, an idempotency setting or a singleton. Here 5 and "5" give different keys. Undefined when
 * there is no value at the path, or the value is false; the event is not limited then.
 */
export function ruleKeyOf(expression: string | undefined, event: EventPayload): string | undefined {
  if (expression === undefined) return "";
  const value = keyValue(expression, event) ?? false;
  return value === false ? undefined : canonical(value);
}

/**
 * The `idempotency` option replaces the rate limit: the server treats the option as a limit of one start in 24 hours.
 */
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
  return { key: noteKey("throttle", fn.id, keyOf(key, event)), limit, burst, periodMs: durationOf(period) };
}

/** Limits on executing calls. A limit with a wider scope is shared by all functions with the same key value. */
export const concurrencyOf = (fn: FunctionConfig, event: EventPayload): RunDocument["limits"] =>
  fn.concurrency
    .filter(({ limit }) => limit > 0)
    .map(({ limit, key, scope = "fn" }) => ({
      limit,
      key: `${scope === "fn" ? fn.id : scope}|${key === undefined ? "" : `=${keyOf(key, event)}`}`,
    }));

/**
 * How many seconds earlier a run is placed than other runs that were queued at the same time. A negative number delays
 * the run. The server ignores a value that is a double, and every number in an event's data is a double.
 */
export function priorityOf(fn: FunctionConfig, event: EventPayload): number {
  const value = fn.priority?.run === undefined ? undefined : evaluate(fn.priority.run, event);
  const most = limits.prioritySeconds;
  return typeof value === "bigint" ? Math.max(-most, Math.min(most, Number(value))) : 0;
}

export const maxAttempts = (fn: FunctionConfig): number =>
  (fn.steps.step.retries?.attempts ?? limits.defaultRetries) + 1;
