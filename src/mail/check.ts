import { z } from "zod";
import { type Check, problemOfStatus } from "#lib/check.ts";
import type { Env } from "#lib/env.ts";
import { connectSmtp } from "#mail/smtp-connection.ts";

type Dependencies = { env: Env; fetch: typeof globalThis.fetch };

/** A check of each mail provider that is configured. None of them sends a mail. */
export const mailChecks = ({ env, fetch }: Dependencies): Check[] =>
  env.MAIL_PROVIDERS.map((name) =>
    name === "smtp"
      ? { name, problem: () => smtpProblem(env) }
      : { name: "mail", problem: () => resendProblem(env, fetch) },
  );

const refusal = z.object({ name: z.string() });

/**
 * Requests the list of sender domains. Resend answers a key that may only send with a special error, which shows that
 * the key is valid.
 */
async function resendProblem(
  env: Pick<Env, "RESEND_BASE_URL" | "RESEND_API_KEY">,
  fetch: typeof globalThis.fetch,
): Promise<string | null> {
  if (env.RESEND_API_KEY === undefined) return null;
  const url = `${env.RESEND_BASE_URL.replace(/\/$/, "")}/domains`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${env.RESEND_API_KEY}` } });
  const { name } = refusal.safeParse(await answer.json().catch(() => undefined)).data ?? {};
  if (name === "restricted_api_key") return null;
  // Resend answers 400 to some unknown keys; the request itself is always valid, so 400 means the key is wrong.
  return problemOfStatus("The mail provider", "key", answer.status === 400 ? 401 : answer.status);
}

/** Connects and logs in. */
async function smtpProblem(env: Env): Promise<string | null> {
  if (env.SMTP_URL === undefined) return null;
  try {
    (await connectSmtp(env.SMTP_URL, env)).quit();
    return null;
  } catch (error) {
    const isPassword = error instanceof Error && "code" in error && error.code === "EAUTH";
    return isPassword ? "The SMTP server refuses our password" : "The SMTP server cannot be reached";
  }
}
