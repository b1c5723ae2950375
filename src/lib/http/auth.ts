import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";
import { type Requester, ROLES } from "#lib/http/route.ts";
import { createUserTokens, refused } from "#lib/http/user-tokens.ts";

type Dependencies = {
  env: Pick<Env, "SUPABASE_URL" | "SUPABASE_SECRET_KEY">;
  db: DatabaseClient;
  fetch: typeof globalThis.fetch;
  clock: Clock;
};

const KEY = /^ns_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

const apiKeyRow = z.object({
  id: z.string(),
  secret_hash: z.string(),
  role: z.enum(ROLES),
  owner: z.string(),
  /** True when the key is neither revoked nor expired. */
  is_valid: z.boolean(),
  /** True when the last recorded use is more than a minute old, so this use must be recorded. */
  use_is_due: z.boolean(),
});

/** Reads `Authorization: Bearer <ns_… API key | Supabase user token>`. Undefined when the header is missing. */
export function createAuthenticate(deps: Dependencies) {
  const withUserToken = createUserTokens(deps);
  return async (request: Request): Promise<Requester | undefined> => {
    const header = request.headers.get("authorization");
    if (header === null) return undefined;
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
    if (token === undefined) throw refused();
    return token.startsWith("ns_") ? withApiKey(deps, token) : withUserToken(token);
  };
}

async function withApiKey({ db, clock }: Dependencies, token: string): Promise<Requester> {
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) throw refused();
  const { call } = createCall(db, clock);
  const [key] = await call("find_api_key", { id }, apiKeyRow.array());
  // For an unknown id, a hash is compared too, so that the time of the answer does not show which ids exist.
  const matches = timingSafeEqual(hash(secret), Buffer.from(key?.secret_hash ?? "0".repeat(64), "hex"));
  if (!key || !matches || !key.is_valid) throw refused();
  if (key.use_is_due) await call("note_api_key_use", { id });
  return { id: `key:${key.id}`, role: key.role, owner: key.owner };
}

const hash = (secret: string): Buffer => createHash("sha256").update(secret).digest();
