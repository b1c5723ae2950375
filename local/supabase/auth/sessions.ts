import { createHash, randomBytes, randomUUID } from "node:crypto";
import type pg from "pg";
import { AuthError } from "./errors.ts";
import type { Tokens } from "./tokens.ts";
import { presentUser, type UserRow } from "./users.ts";

const lifetimeSeconds = 3_600;

/** A client may lose the answer to a refresh and ask again: so long the old token still works. */
const reuseSeconds = 10;

const digestOf = (token: string) => createHash("sha256").update(token).digest();

export const startSession = async (own: pg.Pool, tokens: Tokens, user: UserRow) => {
  const session = randomUUID();
  await own.query("insert into auth.sessions (id, user_id) values ($1, $2)", [session, user.id]);
  const { rows } = await own.query<UserRow>(
    "update auth.users set last_sign_in_at = now() where id = $1 returning *",
    [user.id],
  );
  return issue(own, tokens, rows[0] ?? user, session);
};

/** Each refresh token works once. One that is used again was stolen or kept: its session ends. */
export const refreshSession = async (own: pg.Pool, tokens: Tokens, refreshToken: string) => {
  const { rows } = await own.query<UserRow & { session_id: string; revoked: boolean; recently: boolean }>(
    `select u.*, t.session_id, t.revoked_at is not null as revoked,
            t.revoked_at > now() - make_interval(secs => $2) as recently
     from auth.refresh_tokens t
     join auth.sessions s on s.id = t.session_id
     join auth.users u on u.id = s.user_id
     where t.digest = $1`,
    [digestOf(refreshToken), reuseSeconds],
  );
  const [row] = rows;
  if (row === undefined) {
    throw new AuthError(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found");
  }
  if (row.revoked && !row.recently) {
    await own.query("delete from auth.sessions where id = $1", [row.session_id]);
    throw new AuthError(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used");
  }
  refuseBanned(row);
  await own.query(
    "update auth.refresh_tokens set revoked_at = coalesce(revoked_at, now()) where digest = $1",
    [digestOf(refreshToken)],
  );
  return issue(own, tokens, row, row.session_id);
};

export const endSessions = async (
  own: pg.Pool,
  userId: string,
  sessionId: string,
  scope: string,
): Promise<void> => {
  const condition = { local: "id = $2", others: "id <> $2", global: "$2::uuid is not null" }[scope];
  if (condition === undefined)
    throw new AuthError(400, "validation_failed", `Unsupported logout scope "${scope}"`);
  await own.query(`delete from auth.sessions where user_id = $1 and ${condition}`, [userId, sessionId]);
};

export const refuseBanned = ({ banned_until }: UserRow): void => {
  if (banned_until !== null && banned_until > new Date())
    throw new AuthError(400, "user_banned", "User is banned");
};

const issue = async (own: pg.Pool, tokens: Tokens, user: UserRow, session: string) => {
  const refreshToken = randomBytes(16).toString("base64url");
  await own.query("insert into auth.refresh_tokens (digest, session_id) values ($1, $2)", [
    digestOf(refreshToken),
    session,
  ]);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    sub: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email,
    phone: "",
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    aal: "aal1",
    amr: [{ method: "password", timestamp: now }],
    session_id: session,
    is_anonymous: false,
  };
  return {
    access_token: await tokens.sign(claims, lifetimeSeconds),
    token_type: "bearer",
    expires_in: lifetimeSeconds,
    expires_at: now + lifetimeSeconds,
    refresh_token: refreshToken,
    user: presentUser(user),
  };
};
