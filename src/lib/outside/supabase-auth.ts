import { z } from "zod";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = {
  env: Pick<Env, "SUPABASE_URL" | "SUPABASE_SECRET_KEY">;
  fetch: typeof globalThis.fetch;
};
type NewUser = { email: string; password: string; name: string | undefined };

const TIMEOUT_MS = 5_000;

/** The version of the API whose errors are read here. */
const VERSION = { "x-supabase-api-version": "2024-01-01" };
const failure = z.object({ code: z.string(), message: z.string().max(500).catch("") });

/** The codes with which Auth refuses the user's input. They do not depend on whether Auth knows the address. */
const WRONG_INPUT = [
  "weak_password",
  "validation_failed",
  "email_address_invalid",
  "email_address_not_authorized",
];

/**
 * Signs a user up at Supabase Auth, which stores the password, confirms the address, and has its own limits. The result
 * is the same for an address that Auth already knows. The shared client is not used, because it would keep the new
 * user's session for its later requests.
 */
export const createSignUp =
  ({ env, fetch }: Dependencies) =>
  async ({ email, password, name }: NewUser): Promise<void> => {
    const response = await fetch(`${env.SUPABASE_URL.replace(/\/$/, "")}/auth/v1/signup`, {
      method: "POST",
      headers: { apikey: env.SUPABASE_SECRET_KEY, "content-type": "application/json", ...VERSION },
      body: JSON.stringify({ email, password, data: name === undefined ? {} : { name } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (response.ok) return;
    const { code, message } = failure
      .catch({ code: "", message: "" })
      .parse(await response.json().catch(() => undefined));
    if (code === "user_already_exists" || code === "email_exists") return;
    if (WRONG_INPUT.includes(code)) throw new AppError("invalid_request", message);
    if (response.status === 429) throw new AppError("too_many_requests", "Supabase Auth limits sign-ups");
    if (code === "signup_disabled") throw new AppError("not_configured", "Supabase Auth allows no sign-ups");
    throw unavailable(new Error(`Auth answered ${response.status} ${code}`));
  };

const unavailable = (cause: unknown) =>
  new AppError("database_unavailable", "Supabase Auth cannot be reached", { cause });
