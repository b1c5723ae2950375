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

/** Thrown when a key or token is not valid. */
export class Unidentified extends Error {
  readonly answer: Answer;
  constructor(body: { message: string } & Record<string, unknown>, headers: Record<string, string> = {}) {
    super(body.message);
    this.answer = json(401, body, headers);
  }
}

/**
 * Returns the identity of a request, or throws Unidentified. The API key grants access. A user's token, in addition,
 * says which user has sent the request.
 */
export type Identify = (ask: Ask) => Promise<Identity>;

export const createIdentify = (keys: Keys, tokens: Tokens): Identify => {
  const isSecret = equals(keys.secret);
  const isPublishable = equals(keys.publishable);

  return async (ask) => {
    const bearer = bearerOf(ask);
    const key = ask.header("apikey") ?? (bearer?.startsWith("sb_") === true ? bearer : undefined);
    if (key === undefined) {
      throw new Unidentified({
        message: "No API key found in request",
        hint: "No `apikey` request header or url param was found.",
      });
    }
    const secret = isSecret(key);
    if (!secret && !isPublishable(key)) {
      throw new Unidentified({
        message: "Invalid API key",
        hint: "Use the publishable or the secret key that `npm start` made for this machine.",
      });
    }
    if (secret && ask.header("user-agent")?.startsWith("Mozilla/") === true) {
      throw new Unidentified({
        message: "Forbidden use of secret API key in browser",
        hint: "Secret API keys can only be used in a protected environment and should never be used in a browser.",
      });
    }
    if (bearer === undefined || bearer === key) return secret ? serviceIdentity : anonIdentity;
    return identityOf(await tokens.verify(bearer).catch(refuseToken));
  };
};

export const bearerOf = (ask: Ask): string | undefined =>
  /^bearer (.+)$/i.exec(ask.header("authorization") ?? "")?.[1];

/** Moves the key from the address to a header, so that no log or error that quotes the address contains the key. */
export const withKeyInHeader = (ask: Ask): Ask => {
  const key = ask.query.get("apikey");
  if (key === null) return ask;
  const query = new URLSearchParams(ask.query);
  query.delete("apikey");
  return { ...ask, query, header: (name) => ask.header(name) ?? (name === "apikey" ? key : undefined) };
};

const refuseToken = (error: unknown): never => {
  const message = error instanceof Error ? error.message : "Invalid token";
  const body =
    error instanceof JWTExpired
      ? { code: "PGRST303", details: null, hint: null, message: "JWT expired" }
      : { code: "PGRST301", details: null, hint: null, message };
  throw new Unidentified(body, {
    "www-authenticate": `Bearer error="invalid_token", error_description="${body.message}"`,
  });
};

/** Compares digests, which have equal lengths, in constant time, so that the time says nothing about the key. */
const equals = (expected: string) => {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const wanted = digest(expected);
  return (given: string) => timingSafeEqual(digest(given), wanted);
};
