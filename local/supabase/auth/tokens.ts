import type { JWK, JWTPayload } from "jose";
import { SignJWT } from "jose/jwt/sign";
import { jwtVerify } from "jose/jwt/verify";
import { importJWK } from "jose/key/import";
import { type Keys } from "../keys.ts";

/** Signs and checks the access tokens of users with ES256, like new hosted projects. */
export type Tokens = {
  sign(claims: JWTPayload, lifetimeSeconds: number): Promise<string>;
  /** The claims of a valid token. Throws jose's errors for any other token. */
  verify(token: string): Promise<JWTPayload>;
  jwks: { keys: JWK[] };
};

const rememberedTokens = 1_000;

export const createTokens = async ({ signing }: Keys, issuer: string): Promise<Tokens> => {
  const { d: _secret, ...publicPart } = signing;
  const header = { alg: "ES256", typ: "JWT", ...(signing.kid === undefined ? {} : { kid: signing.kid }) };
  const privateKey = await importJWK(signing, "ES256");
  const publicKey = await importJWK(publicPart, "ES256");
  // Valid tokens are cached, because checking a signature takes as long as the rest of a request, and a client sends
  // the same token for an hour.
  const checked = new Map<string, JWTPayload>();
  return {
    jwks: { keys: [{ ...publicPart, use: "sig", key_ops: ["verify"] }] },
    sign: (claims, lifetimeSeconds) =>
      new SignJWT(claims)
        .setProtectedHeader(header)
        .setIssuer(issuer)
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds}s`)
        .sign(privateKey),
    verify: async (token) => {
      const known = checked.get(token);
      if (known !== undefined && (known.exp ?? 0) * 1000 > Date.now()) return known;
      checked.delete(token);
      const { payload } = await jwtVerify(token, publicKey, { algorithms: ["ES256"] });
      if (checked.size >= rememberedTokens) checked.clear();
      checked.set(token, payload);
      return payload;
    },
  };
};
