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

/** What Supabase Auth signs user tokens with. HS256 is left out: such a token can only be checked by asking Auth. */
const ALGORITHMS = ["ES256", "RS256"];
/** The longest that a Supabase project can let its tokens live. */
const MAX_LIFETIME_SECONDS = 7 * 24 * 60 * 60;
const CLOCK_TOLERANCE_SECONDS = 10;
/** A key id that is not in the key set makes us fetch the set again, but not more often than this. */
const KEY_LOOKUP_MS = 60_000;
const AUTH_TIMEOUT_MS = 5000;
/** For so long a session that lived is not asked about again. */
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
    // Supabase makes anonymous users for everybody, without limit.
    is_anonymous: z.literal(false).optional(),
    // A token that a third application got on behalf of the user (OAuth): not meant for this API.
    client_id: z.never().optional(),
    app_metadata: appMetadata,
  })
  .refine(({ iat, exp }) => exp - iat <= MAX_LIFETIME_SECONDS);
const liveUser = z.object({ banned_until: z.string().nullish(), app_metadata: appMetadata });

/** One answer for every kind of wrong key: it says nothing about which part was right. */
export const refused = (cause?: unknown) =>
  new AppError("unauthorized", "This key or token is not valid", { cause });

const unavailable = (cause: unknown) =>
  new AppError("database_unavailable", "User tokens cannot be checked now", { cause });

/**
 * Checks the access tokens of Supabase users. The signature and the claims are checked here, with the project's public
 * keys. A token that claims more than the role user is also shown to Auth, so that a user who was deleted, banned,
 * signed out or demoted loses the role at once and not when the token expires.
 */
export function createUserTokens({ env, fetch, clock }: Dependencies) {
  const issuer = `${env.SUPABASE_URL.replace(/\/$/, "")}/auth/v1`;
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), {
    cooldownDuration: KEY_LOOKUP_MS,
    timeoutDuration: AUTH_TIMEOUT_MS,
    [customFetch]: (url, init) => ask(url, init),
  });
  const alive = new Map<string, { role: Requester["role"]; until: number }>();

  /** An answer of Auth that says something about the token; anything else is an outage. */
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

  /** The role that the user has now, or a refusal. */
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
