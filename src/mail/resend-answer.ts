import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { AppError, type ErrorCode } from "#lib/errors.ts";
import { classifyAnswer, retryAfterMs } from "#lib/outside/provider-answer.ts";
import type { BatchAnswer, MailResult, Stop } from "#mail/mailer.ts";

const words = z.string().transform((text) => cut(text));
/**
 * The answer of `POST /emails/batch` in permissive mode: the ids of accepted mails, in order, and the positions of the
 * refused ones.
 */
const taken = z.object({
  data: z.array(z.object({ id: z.string() })),
  errors: z.array(z.object({ index: z.int(), message: words })).default([]),
});
/** Resend's error body; `name` is its stable code. */
const refusal = z.object({ name: words, message: words }).partial();

/** These 429s do not pass within seconds: they pass after a day or a month, or with a larger plan. */
const QUOTAS = new Set(["daily_quota_exceeded", "monthly_quota_exceeded"]);
/** The pause after Resend's 429 when the answer gives none. Resend's own limit is 5 requests per second. */
const DEFAULT_PAUSE_MS = 1_000;
/**
 * The pause while an earlier request with this key is still running. Most requests take less than a second, and ours
 * time out after 20 s.
 */
const CONCURRENT_PAUSE_MS = 2_000;

/** Classifies Resend's answer to a batch of `count` mails. */
export function readBatchAnswer(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: unknown,
  count: number,
  now: Date,
): BatchAnswer {
  const verdict = classifyAnswer(status);
  const { name = "", message = "" } = refusal.safeParse(body).data ?? {};
  const answer = (kind: Stop["kind"], code: ErrorCode, retryAfterMs?: number): BatchAnswer => ({
    kind,
    error: new AppError(code, `Resend answered ${status} ${name}: ${message}`, { retryAfterMs }),
  });
  if (verdict === "ok") {
    const results = resultsIn(body, count);
    // The answer does not contain a result for every mail.
    return results ? { kind: "taken", results } : answer("unknown", "provider_unavailable");
  }
  // Our earlier request with this key is still running, but its sender died. When asked again later, Resend answers
  // with its result.
  if (name === "concurrent_idempotent_requests")
    return answer("unknown", "provider_unavailable", CONCURRENT_PAUSE_MS);
  // A conflict: Resend accepted another request under this key, so it is unknown which mails of this batch were sent.
  if (["provider_conflict", "provider_timeout", "provider_unavailable"].includes(verdict))
    return answer("unknown", verdict);
  if (QUOTAS.has(name)) return answer("refused", "configuration");
  // These refusals are about the mails, so splitting the batch finds the bad one. Other refusals are about the request.
  if (status === 413 || status === 422) return answer("refused", "invalid_recipient");
  if (verdict !== "provider_rate_limited") return answer("refused", verdict);
  return answer("refused", verdict, retryAfterMs(headers.get("retry-after"), now) || DEFAULT_PAUSE_MS);
}

/** Undefined when the body does not contain a result for every mail. */
function resultsIn(body: unknown, count: number): MailResult[] | undefined {
  const { data = [], errors = [] } = taken.safeParse(body).data ?? {};
  const reasons = new Map(errors.map(({ index, message }) => [index, message]));
  const ids = data.values();
  const results = Array.from({ length: count }, (_, index): MailResult | undefined => {
    const words = reasons.get(index);
    if (words !== undefined) return { code: "invalid_recipient", words };
    const id = ids.next().value?.id;
    return id === undefined ? undefined : { messageId: id };
  }).filter((result) => result !== undefined);
  return results.length === count && data.length + errors.length === count ? results : undefined;
}
