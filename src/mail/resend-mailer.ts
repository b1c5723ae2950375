import type { Clock } from "#lib/clock.ts";
import type { Env } from "#lib/env.ts";
import { AppError, codeOf } from "#lib/errors.ts";
import { withTimeout } from "#lib/timeout.ts";
import type { BatchAnswer, Mailer } from "#mail/mailer.ts";
import { readBatchAnswer } from "#mail/resend-answer.ts";

type Settings = Pick<Env, "RESEND_BASE_URL" | "RESEND_API_KEY" | "MAIL_IDEMPOTENT">;

const TIMEOUT_MS = 20_000;
/** Resend remembers a key for 24 hours. The last hour is not used, because Resend's clock may differ from ours. */
const KEYS_MS = 23 * 60 * 60 * 1000;
/** Failures before any byte of the request was sent, so no mail can have been accepted. */
const NEVER_CONNECTED = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"];

/** Resend's batch API: 100 mails per request, 5 requests per second. */
export function resendMailer(env: Settings, fetch: typeof globalThis.fetch, clock: Clock): Mailer {
  const post = async (mails: readonly string[], idempotencyKey: string): Promise<BatchAnswer> => {
    const response = await fetch(`${env.RESEND_BASE_URL.replace(/\/$/, "")}/emails/batch`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${env.RESEND_API_KEY}`,
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
        "x-batch-validation": "permissive",
      },
      body: `[${mails.join(",")}]`,
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
      return withTimeout(post(mails, idempotencyKey), TIMEOUT_MS, "provider_timeout").catch(failedCall);
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
