import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";

/**
 * Classifies every answer of a provider (S1-5, S4-47, S4-48):
 * - too many requests: retry later;
 * - our key is wrong: stop, an operator must act;
 * - our data is wrong: stop;
 * - a known idempotency key with other content: stop, an operator must look;
 * - the provider's own failure: retry.
 */
export type ProviderVerdict =
  | "ok"
  | "provider_rate_limited"
  | "provider_unauthorized"
  | "provider_conflict"
  | "provider_rejected"
  | "provider_timeout"
  | "provider_unavailable";

/** The error code of a call that got no readable answer. */
export type FailureVerdict = "provider_timeout" | "provider_unavailable" | "provider_answer_too_large";

export function classifyAnswer(status: number): ProviderVerdict {
  if (status >= 200 && status < 300) return "ok";
  if (status === 429) return "provider_rate_limited";
  if (status === 401 || status === 403) return "provider_unauthorized";
  if (status === 409) return "provider_conflict";
  if (status === 408 || status === 504) return "provider_timeout";
  // A redirect is not followed, because its target was not checked.
  if (status >= 300 && status < 500) return "provider_rejected";
  return "provider_unavailable";
}

/** The error code of a call without an answer. The provider may have received the request or not. */
export function classifyFailure(error: unknown): FailureVerdict {
  if (codeOf(error) === "provider_answer_too_large") return "provider_answer_too_large";
  const isTimeout = error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
  return isTimeout ? "provider_timeout" : "provider_unavailable";
}

/** The categories of S4-47, for people: what kind of failure a code is. */
export type Category =
  | "transient"
  | "rate_limit"
  | "invalid_input"
  | "resource"
  | "configuration"
  | "business";

const CATEGORIES: Partial<Record<ErrorCode, Category>> = {
  provider_rate_limited: "rate_limit",
  too_many_requests: "rate_limit",
  queue_full: "rate_limit",
  provider_rejected: "invalid_input",
  invalid_request: "invalid_input",
  invalid_recipient: "invalid_input",
  invalid_picture: "invalid_input",
  payload_too_large: "resource",
  provider_answer_too_large: "resource",
  provider_unauthorized: "configuration",
  configuration: "configuration",
  not_configured: "configuration",
  environment_fenced: "configuration",
  provider_conflict: "business",
  conflict: "business",
  canceled: "business",
  outcome_unknown: "business",
  not_found: "business",
};

export const categoryOf = (error: unknown): Category =>
  CATEGORIES[codeOf(error) ?? "internal"] ?? "transient";

/** The longest time that we wait before we call a provider again, even when it asks for more. */
export const MAX_SILENCE_MS = 60 * 60 * 1000;

/**
 * How long a provider asks us to wait, in milliseconds, at most `MAX_SILENCE_MS`. Reads seconds or a date, as RFC 9110
 * allows. Undefined when the header contains neither.
 */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return clamp(seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : clamp(date - now.getTime());
}

const clamp = (ms: number) => Math.min(Math.max(0, ms), MAX_SILENCE_MS);

/** Turns a provider's error answer into the error to throw. It names the provider and, if given, the reason. */
export function providerError(provider: string, response: Response, now: Date, reason?: string): AppError {
  const verdict = classifyAnswer(response.status);
  const code = verdict === "ok" ? "provider_unavailable" : verdict;
  const words = reason === undefined ? "" : `: ${reason}`;
  return new AppError(code, `${provider} answered ${response.status}${words}`, {
    retryAfterMs: retryAfterMs(response.headers.get("retry-after"), now),
  });
}
