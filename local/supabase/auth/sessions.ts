import { randomUUID } from "node:crypto";
import type pg from "pg";
import { AuthError } from "./errors.ts";
import type { Tokens } from "./tokens.ts";
import { presentUser, type UserRow } from "./users.ts";

const lifetimeSeconds = 3_600;

/**
 * Starts a session and makes its access token. The token cannot be refreshed: after an hour the user must sign in
 * again.
 */
export const startSession = async (own: pg.Pool, tokens: Tokens, signedIn: UserRow) => {
  const session = randomUUID();
  await own.query("insert into auth.sessions (id, user_id) values ($1, $2)", [session, signedIn.id]);
  const { rows } = await own.query<UserRow>(
    "update auth.users set last_sign_in_at = now() where id = $1 returning *",
    [signedIn.id],
  );
  const [user = signedIn] = rows;
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
    refresh_token: "not-modeled",
    user: presentUser(user),
  };
};

export const isLive = async (own: pg.Pool, sessionId: string): Promise<boolean> =>
  (await own.query("select from auth.sessions where id = $1", [sessionId])).rowCount === 1;

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
