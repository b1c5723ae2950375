import { createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import { AppError } from "#lib/errors.ts";
import { type Requester, ROLES } from "#lib/http/route.ts";

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
  // Supabase gives anonymous users to everybody, without end: they are nobody here.
  is_anonymous: z.literal(false).optional(),
  app_metadata: z.object({ role: z.enum(ROLES).catch("user") }).default({ role: "user" }),
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
  return { id: `user:${sub}`, role: app_metadata.role, owner: sub };
}

const isMalformed = (error: unknown): boolean => error instanceof SyntaxError || error instanceof TypeError;

const hash = (secret: string): Buffer => createHash("sha256").update(secret).digest();
