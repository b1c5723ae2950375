import { z } from "zod";
import { type Check, problemOfStatus } from "#lib/check.ts";
import type { Env } from "#lib/env.ts";

type Dependencies = { env: Pick<Env, "RESEND_BASE_URL" | "RESEND_API_KEY">; fetch: typeof globalThis.fetch };

const refusal = z.object({ name: z.string() });

/**
 * Asks Resend for the sender domains, which sends no mail. Resend refuses a key that may only send with a name of its
 * own.
 */
export const mailCheck = ({ env, fetch }: Dependencies): Check => ({
  name: "mail",
  async problem() {
    if (env.RESEND_API_KEY === undefined) return null;
    const url = `${env.RESEND_BASE_URL.replace(/\/$/, "")}/domains`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${env.RESEND_API_KEY}` } });
    const { name } = refusal.safeParse(await answer.json().catch(() => undefined)).data ?? {};
    if (name === "restricted_api_key") return null;
    // Resend answers 400 to some unknown keys; the request itself is always valid, so 400 means the key is wrong.
    return problemOfStatus("The mail provider", "key", answer.status === 400 ? 401 : answer.status);
  },
});
