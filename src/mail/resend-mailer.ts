import type { Clock } from "#lib/clock.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import { classifyFailure, type FailureVerdict } from "#lib/outside/provider-answer.ts";
import type { BatchAnswer, Mailer } from "#mail/mailer.ts";
import { readBatchAnswer } from "#mail/resend-answer.ts";

type Settings = Pick<Env, "RESEND_BASE_URL" | "RESEND_API_KEY" | "MAIL_IDEMPOTENT">;

const TIMEOUT_MS = 20_000;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Failures before any byte of the request was sent, so no mail can have been accepted. */
const NEVER_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** Resend's batch API: 100 mails per request, 5 requests per second; keys are remembered for 24 hours. */
export function resendMailer(env: Settings, fetch: typeof globalThis.fetch, clock: Clock): Mailer {
  const url = `${env.RESEND_BASE_URL.replace(/\/$/, "")}/emails/batch`;
  return {
    account: "resend",
    remembersKeysForMs: env.MAIL_IDEMPOTENT ? DAY_MS : undefined,
    async sendBatch(mails, idempotencyKey) {
      if (env.RESEND_API_KEY === undefined) {
        return { kind: "refused", error: new AppError("not_configured", "RESEND_API_KEY is not set") };
      }
      // AbortSignal.timeout is not used, because each of its timers lives until its end, and a campaign would have
      // thousands of them in 20 s.
      const patience = new AbortController();
      const timer = setTimeout(() => patience.abort(new DOMException("timeout", "TimeoutError")), TIMEOUT_MS);
      try {
        const response = await fetch(url, {
          method: "POST",
          headers: {
            authorization: `Bearer ${env.RESEND_API_KEY}`,
            "content-type": "application/json",
            "idempotency-key": idempotencyKey,
            "x-batch-validation": "permissive",
          },
          body: `[${mails.join(",")}]`,
          signal: patience.signal,
        });
        const body: unknown = await response.json().catch(() => undefined);
        return readBatchAnswer(response, body, mails.length, clock.now());
      } catch (error) {
        return failedCall(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const WORDS: Record<FailureVerdict, string> = {
  provider_timeout: `Resend did not answer in ${TIMEOUT_MS} ms`,
  provider_answer_too_large: "Resend's answer is too large to be read",
  provider_unavailable: "Resend cannot be reached",
};

function failedCall(cause: unknown): BatchAnswer {
  const code = classifyFailure(cause);
  return {
    kind: neverConnected(cause) ? "refused" : "unknown",
    error: new AppError(code, WORDS[code], { cause }),
  };
}

function neverConnected(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && NEVER_CONNECTED.has(code);
}
