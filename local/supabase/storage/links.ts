import { createHash } from "node:crypto";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { z } from "zod";
import type { Keys } from "../keys.ts";
import { StorageError } from "./errors.ts";

const claimsSchema = z.object({
  url: z.string(),
  intent: z.enum(["download", "upload"]),
  upsert: z.boolean(),
});
type Claims = z.infer<typeof claimsSchema>;

/** Signed links. Each lets its holder read or write exactly one object for a limited time. */
export const createLinks = ({ signing }: Keys) => {
  // Links have a key of their own, so that a link can never be used as a user's token.
  const key = createHash("sha256")
    .update(`storage links ${String(signing.d)}`)
    .digest();
  return {
    sign: (claims: Claims, lifetimeSeconds: number) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + lifetimeSeconds)
        .sign(key),
    verify: async (token: string | null, url: string, intent: Claims["intent"]): Promise<Claims> => {
      if (token === null)
        throw new StorageError(400, "InvalidRequest", "querystring must have required property 'token'");
      const verified = await jwtVerify(token, key, { algorithms: ["HS256"] }).catch((error: unknown) => {
        throw new StorageError(400, "InvalidJWT", error instanceof Error ? error.message : "invalid token");
      });
      const claims = claimsSchema.safeParse(verified.payload);
      if (!claims.success || claims.data.url !== url || claims.data.intent !== intent) {
        throw new StorageError(400, "InvalidSignature", "The url signature does not match this object");
      }
      return claims.data;
    },
  };
};

export type Links = ReturnType<typeof createLinks>;
