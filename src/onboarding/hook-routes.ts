import { createHash } from "node:crypto";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { address } from "#lib/email-address.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import { parseJson } from "#lib/http/json.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { Logger } from "#lib/logger.ts";
import { refusalOf } from "#lib/outside/signature.ts";
import { mailsOf, sendEmailHook } from "#onboarding/auth-mails.ts";
import type { OnboardingRepository } from "#onboarding/repository.ts";

type Dependencies = {
  env: Pick<Env, "SUPABASE_URL" | "SUPABASE_HOOK_SECRET">;
  clock: Clock;
  logger: Logger;
  onboarding: Pick<OnboardingRepository, "begin" | "sendAuthMails">;
};

const afterUserCreatedHook = z.looseObject({
  user: z.looseObject({
    id: z.uuid(),
    email: z.union([z.literal(""), address]),
    email_confirmed_at: z.string().max(100).nullish(),
    user_metadata: z.looseObject({ name: z.string().optional().catch(undefined) }).nullish(),
  }),
});

const signed = {
  method: "POST",
  policy: "signature",
  bodyKinds: ["signed"],
  maxBodyBytes: 200_000,
  body: z.object({ bytes: z.instanceof(Uint8Array) }),
  // Auth treats an empty object as consent.
  responses: { 200: z.object({}) },
} as const;

/**
 * The hooks of Supabase Auth, signed by Standard Webhooks. Auth, and with it the user, waits at most five seconds for
 * an answer. So a hook is one statement, and the work is done later.
 */
export const hookRoutes = (deps: Dependencies): Route[] => [
  route({
    ...signed,
    path: "/api/auth-hooks/send-email",
    summary:
      "Supabase Auth's Send Email hook: mails a password reset, a confirmation, or another mail of Auth",
    handler: async ({ body: { bytes }, request }) => {
      const hook = open(deps, sendEmailHook, request.headers, bytes);
      // Auth repeats a call with the same bytes but a new `webhook-id`. So the hash of the bytes identifies the call.
      const id = createHash("sha256").update(bytes).digest("hex");
      await deps.onboarding.sendAuthMails(mailsOf(hook, id, authUrlOf(deps.env)));
      return json(200, {});
    },
  }),
  route({
    ...signed,
    path: "/api/auth-hooks/after-user-created",
    summary:
      "Supabase Auth's After User Created hook: begins the sign-up of a user whose address is confirmed",
    handler: async ({ body: { bytes }, request }) => {
      const { user } = open(deps, afterUserCreatedHook, request.headers, bytes);
      if (user.email !== "" && user.email_confirmed_at) {
        await deps.onboarding.begin({ userId: user.id, email: user.email, name: user.user_metadata?.name });
      }
      return json(200, {});
    },
  }),
];

const authUrlOf = ({ SUPABASE_URL: url }: Pick<Env, "SUPABASE_URL">) => `${url.replace(/\/$/, "")}/auth/v1`;

/** Verifies the raw bytes, then parses them. */
function open<T>(deps: Dependencies, schema: z.ZodType<T>, headers: Headers, body: Uint8Array): T {
  const secrets = deps.env.SUPABASE_HOOK_SECRET;
  if (secrets.length === 0) throw new AppError("not_configured", "SUPABASE_HOOK_SECRET is not set");
  const refusal = refusalOf("standard", { headers, body, secrets, now: deps.clock.now() });
  if (refusal !== undefined) {
    deps.logger.warn({ refusal }, "hook of Supabase Auth refused");
    throw new AppError("invalid_signature", "The signature does not verify");
  }
  const parsed = schema.safeParse(parseJson(new TextDecoder().decode(body)));
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", "The hook's body lacks a field", { cause: parsed.error });
}
