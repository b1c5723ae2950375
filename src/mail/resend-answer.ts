import { z } from "zod";
import { cut } from "#lib/cut.ts";
import { AppError, type ErrorCode } from "#lib/errors.ts";
import { classifyAnswer, retryAfterMs } from "#lib/outside/provider-answer.ts";
import type { BatchAnswer, MailResult } from "#mail/mailer.ts";

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
  response: Pick<Response, "status" | "headers">,
  body: unknown,
  count: number,
  now: Date,
): BatchAnswer {
  const { status } = response;
  const verdict = classifyAnswer(status);
  if (verdict === "ok") {
    const parsed = taken.safeParse(body);
    const results = parsed.success ? toResults(parsed.data, count) : undefined;
    if (results) return { kind: "taken", results };
    return unknown(
      "provider_unavailable",
      `Resend answered ${status} with a body that says nothing about ${count} mails`,
    );
  }
  const { name = "", message = "" } = refusal.safeParse(body).data ?? {};
  const said = `Resend answered ${status} ${name}: ${message}`;
  // Our earlier request with this key is still running, but its sender died. When asked again later, Resend answers
  // with its result.
  if (name === "concurrent_idempotent_requests")
    return unknown("provider_unavailable", said, CONCURRENT_PAUSE_MS);
  // Resend accepted another request under this key, so it is unknown which mails of this batch were sent.
  if (verdict === "provider_conflict") return unknown(verdict, said);
  if (QUOTAS.has(name)) return refused("configuration", said);
  // These refusals are about the mails, so splitting the batch finds the bad one. Other refusals are about the request.
  if (status === 413 || status === 422) return refused("invalid_recipient", said);
  if (verdict === "provider_timeout" || verdict === "provider_unavailable") return unknown(verdict, said);
  if (verdict !== "provider_rate_limited") return refused(verdict, said);
  return refused(verdict, said, retryAfterMs(response.headers.get("retry-after"), now) || DEFAULT_PAUSE_MS);
}

/** Undefined when the answer does not contain a result for every mail. */
function toResults({ data, errors }: z.output<typeof taken>, count: number): MailResult[] | undefined {
  if (data.length + errors.length !== count) return undefined;
  const reasons = new Map(errors.map(({ index, message }) => [index, message]));
  const ids = data.values();
  const results: MailResult[] = [];
  for (let index = 0; index < count; index++) {
    const reason = reasons.get(index);
    const id = reason === undefined ? ids.next().value?.id : undefined;
    if (reason !== undefined) results.push({ code: "invalid_recipient", words: reason });
    else if (id !== undefined) results.push({ messageId: id });
    else return undefined;
  }
  return results;
}

const answer =
  (kind: "refused" | "unknown") =>
  (code: ErrorCode, message: string, retryAfterMs?: number): BatchAnswer => ({
    kind,
    error: new AppError(code, message, { retryAfterMs }),
  });
const refused = answer("refused");
const unknown = answer("unknown");
