import { createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import type { Requester } from "#lib/http.ts";
import { type DatabaseClient, unwrap } from "#lib/supabase.ts";

export const ROLES = ["app", "admin"] as const;
export type Role = (typeof ROLES)[number];

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const KEY = /^ns_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

const apiKeyRow = z.object({
  id: z.string(),
  secret_hash: z.string(),
  role: z.enum(ROLES),
  owner: z.string(),
  revoked_at: z.string().nullable(),
});

const claims = z.object({
  sub: z.uuid(),
  role: z.string().optional(),
  app_metadata: z.object({ role: z.string().optional() }).optional(),
});

/** One answer for every kind of wrong key: it tells nobody which part was right. */
const refused = () => new AppError("unauthorized", "This key or token is not valid");

/** `Authorization: Bearer <ns_… API key | Supabase user token>`. Undefined when there is none. */
export const createAuthenticate =
  (db: DatabaseClient) =>
  async (request: Request): Promise<Requester | undefined> => {
    const header = request.headers.get("authorization");
    if (header === null) return undefined;
    const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? [];
    if (token === undefined) throw refused();
    return token.startsWith("ns_") ? withApiKey(db, token) : withUserToken(db, token);
  };

async function withApiKey(db: DatabaseClient, token: string): Promise<Requester> {
  const [, id, secret] = KEY.exec(token) ?? [];
  if (id === undefined || secret === undefined) throw refused();
  const rows = apiKeyRow.array().parse(await unwrap(db.rpc("find_api_key", { p_id: id })));
  const [key] = rows;
  // An unknown id costs the same comparison as a known one.
  const matches = timingSafeEqual(hash(secret), Buffer.from(key?.secret_hash ?? "0".repeat(64), "hex"));
  if (!key || !matches || key.revoked_at !== null) throw refused();
  return { id: `key:${key.id}`, role: key.role, owner: key.owner };
}

async function withUserToken(db: DatabaseClient, token: string): Promise<Requester> {
  const { data, error } = await db.auth.getClaims(token).catch((cause: unknown) => {
    throw isMalformed(cause)
      ? refused()
      : new AppError("database_unavailable", "Cannot check user tokens now", { cause });
  });
  if (error && error.status !== undefined && error.status >= 500) {
    throw new AppError("database_unavailable", "Cannot check user tokens now", { cause: error });
  }
  const user = claims.safeParse(data?.claims);
  // Only signed-in people: the project's own anon and service_role tokens have no subject.
  if (error || !user.success || user.data.role !== "authenticated") throw refused();
  const { sub, app_metadata } = user.data;
  return { id: `user:${sub}`, role: app_metadata?.role === "admin" ? "admin" : "app", owner: sub };
}

const isMalformed = (error: unknown): boolean => error instanceof SyntaxError || error instanceof TypeError;

const hash = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/** Makes an API key. The key is shown once, to whoever asked: we keep its hash. */
export async function createApiKey(
  db: DatabaseClient,
  clock: Clock,
  key: { name: string; role: Role; owner: string },
) {
  const id = Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  const secret = randomBytes(32).toString("base64url");
  await unwrap(
    db.rpc("create_api_key", {
      p_id: id,
      p_secret_hash: hash(secret).toString("hex"),
      p_name: key.name,
      p_role: key.role,
      p_owner: key.owner,
      p_now: clock.now().toISOString(),
    }),
  );
  return { id, key: `ns_${id}_${secret}` };
}

/** Whether there was such a key. */
export async function revokeApiKey(db: DatabaseClient, clock: Clock, id: string): Promise<boolean> {
  const revoked = await unwrap(db.rpc("revoke_api_key", { p_id: id, p_now: clock.now().toISOString() }));
  return revoked;
}
