import { createHash } from "node:crypto";
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { JWKSInvalid } from "jose/errors";
import { createRemoteJWKSet, customFetch } from "jose/jwks/remote";
import { jwtVerify } from "jose/jwt/verify";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import type { Env } from "#lib/env.ts";
import { AppError } from "#lib/errors.ts";
import { type Requester, ROLES } from "#lib/http/route.ts";

type Dependencies = {
  env: Pick<Env, "SUPABASE_URL" | "SUPABASE_SECRET_KEY">;
  fetch: typeof globalThis.fetch;
  clock: Clock;
};

/**
 * The algorithms with which Supabase Auth signs user tokens. HS256 is not accepted, because only Auth itself can check
 * such a token.
 */
const ALGORITHMS = ["ES256", "RS256"];
/** The longest lifetime of tokens that a Supabase project can set. */
const MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60;
const CLOCK_TOLERANCE_SECONDS = 10;
/** When a token has an unknown key id, we fetch the key set again, but at most once in this time. */
const KEY_LOOKUP_MS = 60_000;
const AUTH_TIMEOUT_MS = 5000;
/** How long a session counts as valid after it was checked. */
const SESSION_MEMORY_MS = 10_000;
const MAX_REMEMBERED = 1000;

const header = z.object({ alg: z.enum(ALGORITHMS), kid: z.string().min(1).max(200) });
const appMetadata = z.object({ role: z.enum(ROLES).catch("user") }).catch({ role: "user" });
const claims = z
  .object({
    sub: z.uuid(),
    role: z.literal("authenticated"),
    session_id: z.uuid(),
    iat: z.number(),
    exp: z.number(),
    // Anonymous users are refused, because anyone can create any number of them.
    is_anonymous: z.literal(false).optional(),
    // Tokens that another application got on behalf of the user (OAuth) are refused, because they were not issued for
    // this API.
    client_id: z.never().optional(),
    app_metadata: appMetadata,
  })
  .refine(({ iat, exp }) => exp - iat <= MAX_LIFETIME_SECONDS);
const liveUser = z.object({ banned_until: z.string().nullish(), app_metadata: appMetadata });

/** Every wrong key or token gets the same error, so that the error does not show which part was right. */
export const refused = (cause?: unknown) =>
  new AppError("unauthorized", "This key or token is not valid", { cause });

const unavailable = (cause: unknown) =>
  new AppError("database_unavailable", "User tokens cannot be checked now", { cause });

/**
 * Checks the access tokens of Supabase users. Signature and claims are checked here, with the project's public keys. A
 * token with a higher role than user is also checked by Auth, so that a user who was deleted, banned, signed out or
 * demoted loses the role at once, not when the token expires.
 */
export function createUserTokens({ env, fetch, clock }: Dependencies) {
  const issuer = `${env.SUPABASE_URL.replace(/\/$/, "")}/auth/v1`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    cooldownDuration: KEY_LOOKUP_MS,
    timeoutDuration: AUTH_TIMEOUT_MS,
    [customFetch]: (url, init) => ask(url, init),
  });
  const alive = new Map<string, { role: Requester["role"]; until: number }>();

  /** Returns Auth's answer about the token. Throws when Auth cannot be reached or answers with another status. */
  async function ask(url: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url, init).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (response.ok || [401, 403, 404].includes(response.status)) return response;
    throw unavailable(new Error(`Auth answered ${response.status}`));
  }

  async function verify(token: string) {
    try {
      header.parse(decodeProtectedHeader(token));
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer,
        audience: "authenticated",
        requiredClaims: ["exp", "iat"],
        maxTokenAge: MAX_LIFETIME_SECONDS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: clock.now(),
      });
      return claims.parse(payload);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw error instanceof JWKSInvalid ? unavailable(error) : refused(error);
    }
  }

  /** The role that the user has now. Throws when the session is not valid. */
  async function roleOfLiveSession(token: string): Promise<Requester["role"]> {
    const now = clock.now().getTime();
    const id = createHash("sha256").update(token).digest("base64");
    const known = alive.get(id);
    if (known !== undefined && known.until > now) return known.role;
    const response = await ask(`${issuer}/user`, {
      headers: { apikey: env.SUPABASE_SECRET_KEY, authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(AUTH_TIMEOUT_MS),
    });
    if (!response.ok) throw refused();
    const { banned_until: bannedUntil, app_metadata } = liveUser.parse(await response.json());
    if (bannedUntil && Date.parse(bannedUntil) > now) throw refused();
    if (alive.size >= MAX_REMEMBERED) alive.clear();
    alive.set(id, { role: app_metadata.role, until: now + SESSION_MEMORY_MS });
    return app_metadata.role;
  }

  return async (token: string): Promise<Requester> => {
    const { sub, app_metadata } = await verify(token);
    const role = app_metadata.role === "user" ? "user" : await roleOfLiveSession(token);
    return { id: `user:${sub}`, role, owner: sub };
  };
}
