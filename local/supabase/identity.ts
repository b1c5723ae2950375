import { createHash, timingSafeEqual } from "node:crypto";
import { JWTExpired } from "jose/errors";
import type { Tokens } from "./auth/tokens.ts";
import type { Identity } from "./database.ts";
import { type Answer, type Ask, json } from "./http.ts";
import type { Keys } from "./keys.ts";

export const identityOf = (claims: Readonly<Record<string, unknown>>): Identity => ({
  role: typeof claims["role"] === "string" ? claims["role"] : "anon",
  claims: JSON.stringify(claims),
  claimsObject: claims,
});

export const serviceIdentity = identityOf({ iss: "supabase", role: "service_role" });
const anonIdentity = identityOf({ iss: "supabase", role: "anon" });

/** Who asks: the API key opens the door, a user's token behind it says who walks in. */
export const createIdentify = (keys: Keys, tokens: Tokens) => {
  const isSecret = equals(keys.secret);
  const isPublishable = equals(keys.publishable);

  return async (ask: Ask): Promise<Identity | Answer> => {
    const bearer = /^bearer (.+)$/i.exec(ask.header("authorization") ?? "")?.[1];
    const key =
      ask.header("apikey") ??
      ask.query.get("apikey") ??
      (bearer?.startsWith("sb_") === true ? bearer : undefined);
    if (key === undefined) {
      return json(401, {
        message: "No API key found in request",
        hint: "No `apikey` request header or url param was found.",
      });
    }
    const secret = isSecret(key);
    if (!secret && !isPublishable(key)) {
      return json(401, {
        message: "Invalid API key",
        hint: "Use the publishable or the secret key that `npm start` prints.",
      });
    }
    if (secret && ask.header("user-agent")?.startsWith("Mozilla/") === true) {
      return json(401, {
        message: "Forbidden use of secret API key in browser",
        hint: "Secret API keys can only be used in a protected environment and should never be used in a browser.",
      });
    }
    if (bearer === undefined || bearer === key) return secret ? serviceIdentity : anonIdentity;
    try {
      return identityOf(await tokens.verify(bearer));
    } catch (error) {
      return invalidToken(error);
    }
  };
};

export const isAnswer = (value: Identity | Answer): value is Answer => "status" in value;

const invalidToken = (error: unknown): Answer => {
  const expired = error instanceof JWTExpired;
  const body = expired
    ? { code: "PGRST303", details: null, hint: null, message: "JWT expired" }
    : {
        code: "PGRST301",
        details: null,
        hint: null,
        message: error instanceof Error ? error.message : "Invalid token",
      };
  return json(401, body, {
    "www-authenticate": `Bearer error="invalid_token", error_description="${body.message}"`,
  });
};

/** Compares digests, which have one length and tell nothing about the key by the time it takes. */
const equals = (expected: string) => {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const wanted = digest(expected);
  return (given: string) => timingSafeEqual(digest(given), wanted);
};
