import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { cut } from "#lib/cut.ts";
import type { Env } from "#lib/env.ts";
import { AppError, codeOf, type ErrorCode } from "#lib/errors.ts";
import { classifyAnswer, retryAfterMs } from "#lib/outside/provider-answer.ts";
import { withTimeout } from "#lib/timeout.ts";
import type { BatchAnswer, Mailer, MailResult, Stop } from "#mail/mailer.ts";

type Settings = Pick<Env, "RESEND_BASE_URL" | "RESEND_API_KEY" | "MAIL_IDEMPOTENT">;

const TIMEOUT_MS = 20_000;
/** Resend remembers a key for 24 hours. The last hour is not used, because Resend's clock may differ from ours. */
const KEYS_MS = 23 * 60 * 60 * 1000;
/** Failures before any byte of the request was sent, so no mail can have been accepted. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/**
 * The answer of `POST /emails/batch` in permissive mode: the ids of accepted mails, in order, and the positions of the
 * refused ones.
 */
const taken = z.object({
  data: z.array(z.object({ id: z.string() })),
  errors: z.array(z.object({ index: z.int(), message: z.string() })).default([]),
});
/** Resend's error body; `name` is its stable code. */
const refusal = z.object({ name: z.string(), message: z.string() }).partial();

/** The codes of 429s for which a short pause does not help, because the quota of a day or a month is used up. */
const QUOTAS = new Set(["daily_quota_exceeded", "monthly_quota_exceeded"]);
/** The pause when Resend's answer contains none. Most requests take less than a second; the limit is 5 a second. */
const PAUSE_MS = 2_000;

/** Resend's batch API: 100 mails per request, 5 requests per second. */
export function resendMailer(env: Settings, fetch: typeof globalThis.fetch, clock: Clock): Mailer {
  const post = async (
    mails: readonly string[],
    idempotencyKey: string,
    signal: AbortSignal,
  ): Promise<BatchAnswer> => {
    const response = await fetch(`${env.RESEND_BASE_URL.replace(/\/$/, "")}/emails/batch`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${env.RESEND_API_KEY}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
        "x-batch-validation": "permissive",
      },
      body: asJsonArray(mails),
      signal,
    });
    const body: unknown = await response.json().catch(() => undefined);
    return readBatchAnswer(response, body, mails.length, clock.now());
  };
  return {
    account: "resend",
    remembersKeysForMs: env.MAIL_IDEMPOTENT ? KEYS_MS : undefined,
    async sendBatch(mails, idempotencyKey) {
      if (env.RESEND_API_KEY === undefined)
        return { kind: "refused", error: new AppError("not_configured", "RESEND_API_KEY is not set") };
      const call = new AbortController();
      // A request that still waits for a connection must not be sent after its batch has become "unknown".
      return withTimeout(post(mails, idempotencyKey, call.signal), TIMEOUT_MS, "provider_timeout")
        .catch(failedCall)
        .finally(() => call.abort());
    },
  };
}

function failedCall(cause: Error & { cause?: { code?: string } }): BatchAnswer {
  const words = `Resend gave no answer that can be read: ${cause.message}`;
  return {
    kind: NEVER_CONNECTED.includes(cause.cause?.code ?? "") ? "refused" : "unknown",
    error: new AppError(codeOf(cause) ?? "provider_unavailable", words, { cause }),
  };
}

/** Classifies Resend's answer to a batch of `count` mails. */
export function readBatchAnswer(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: unknown,
  count: number,
  now: Date,
): BatchAnswer {
  const verdict = classifyAnswer(status);
  const { name = "", message = "The answer cannot be read" } = refusal.safeParse(body).data ?? {};
  const answer = (kind: Stop["kind"], code: ErrorCode, retryAfterMs?: number): BatchAnswer => ({
    kind,
    error: new AppError(code, `Resend answered ${status} ${name}: ${message}`, { retryAfterMs }),
  });
  if (verdict === "ok") {
    const results = resultsIn(body, count);
    return results ? { kind: "taken", results } : answer("unknown", "provider_unavailable");
  }
  // Resend is still handling an earlier request with this key, whose run died or stopped waiting. When asked again
  // later, Resend answers with the result of that request.
  if (name === "concurrent_idempotent_requests") return answer("unknown", "provider_unavailable", PAUSE_MS);
  // A conflict: Resend accepted another request under this key, so it is unknown which mails of this batch were sent.
  if (["provider_conflict", "provider_timeout", "provider_unavailable"].includes(verdict))
    return answer("unknown", verdict);
  if (QUOTAS.has(name)) return answer("refused", "configuration");
  // These refusals are about the mails, so splitting the batch finds the bad mail. Other refusals are about the request.
  if (status === 413 || status === 422) return answer("refused", "invalid_recipient");
  if (verdict !== "provider_rate_limited") return answer("refused", verdict);
  return answer("refused", verdict, retryAfterMs(headers.get("retry-after"), now) || PAUSE_MS);
}

/** Undefined when the body does not contain a result for every mail. */
function resultsIn(body: unknown, count: number): MailResult[] | undefined {
  const { data = [], errors = [] } = taken.safeParse(body).data ?? {};
  const reasons = new Map(errors.map(({ index, message }) => [index, message]));
  const ids = data.values();
  const results = Array.from({ length: count }, (_, index): MailResult | undefined => {
    const words = reasons.get(index);
    if (words !== undefined) return { code: "invalid_recipient", words: cut(words) };
    const id = ids.next().value?.id;
    return id === undefined ? undefined : { messageId: id };
  }).filter((result) => result !== undefined);
  return results.length === count && data.length + errors.length === count ? results : undefined;
}

/**
 * The mails as a JSON array, as bytes: V8 asks the system for new memory for every string above 128 KB, and with 152 KB
 * of mails that took a third of the site's CPU time. The mails are written into one buffer, because a buffer per mail
 * would be garbage.
 */
function asJsonArray(mails: readonly string[]): Uint8Array<ArrayBuffer> {
  const length = mails.reduce((sum, mail) => sum + Buffer.byteLength(mail) + 1, 1);
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  for (const mail of mails) {
    at += bytes.write(at === 0 ? "[" : ",", at);
    at += bytes.write(mail, at);
  }
  bytes.write("]", at);
  return bytes;
}
