import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { Outbox } from "#jobs/outbox.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import { address } from "#lib/email-address.ts";
import { filledText, trimmedText } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { createSignUp } from "#lib/outside/supabase-auth.ts";
import { limitSignUps } from "#onboarding/sign-up-limits.ts";

type Dependencies = {
  signUp: ReturnType<typeof createSignUp>;
  tokens: Pick<Tokens, "take">;
  outbox: Pick<Outbox, "flush">;
};

/**
 * Auth hashes a password only for a new address. An answer takes at least this long, so that its time does not show
 * whether the address was new.
 */
const SHORTEST_ANSWER_MS = 300;
/** Auth hashes with bcrypt, which uses only 72 bytes. */
const PASSWORD_CHARS = 72;

export const registerRoutes = ({ signUp, tokens, outbox }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/register",
    policy: "public",
    summary: "Sign up; the answer is the same for an address that has signed up before",
    body: z.object({
      email: address,
      password: filledText(PASSWORD_CHARS),
      name: trimmedText(200).optional(),
    }),
    maxBodyBytes: 10_000,
    responses: { 201: z.object({ status: z.literal("registered") }) },
    handler: async ({ body: { email, password, name }, request }) => {
      await limitSignUps(tokens, email, request);
      await Promise.all([signUp({ email, password, name }), wait(SHORTEST_ANSWER_MS)]);
      await outbox.flush();
      return json(201, { status: "registered" });
    },
  }),
];
