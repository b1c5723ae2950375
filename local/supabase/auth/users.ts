import { randomUUID } from "node:crypto";
import pg from "pg";
import { AuthError } from "./errors.ts";

export type UserRow = {
  id: string;
  aud: string;
  role: string;
  email: string;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Record<string, unknown>;
  raw_user_meta_data: Record<string, unknown>;
  banned_until: Date | null;
  created_at: Date;
  updated_at: Date;
};

export type UserChanges = {
  email?: string | undefined;
  encryptedPassword?: string | undefined;
  appMetadata?: Record<string, unknown> | undefined;
  userMetadata?: Record<string, unknown> | undefined;
  confirmed?: boolean | undefined;
  /** The hours count from now; 0 ends a ban. */
  banHours?: number | undefined;
};

/** A user as the API returns it. */
export const presentUser = (user: UserRow) => ({
  id: user.id,
  aud: user.aud,
  role: user.role,
  email: user.email,
  email_confirmed_at: user.email_confirmed_at,
  phone: "",
  confirmed_at: user.email_confirmed_at,
  last_sign_in_at: user.last_sign_in_at,
  app_metadata: user.raw_app_meta_data,
  user_metadata: user.raw_user_meta_data,
  identities: [],
  created_at: user.created_at,
  updated_at: user.updated_at,
  ...(user.banned_until === null ? {} : { banned_until: user.banned_until }),
  is_anonymous: false,
  ...(user.banned_until === null ? {} : { banned_until: user.banned_until }),
});

const providers = { provider: "email", providers: ["email"] };

export const createUser = async (own: pg.Pool, wanted: UserChanges & { email: string }): Promise<UserRow> => {
  const values = [
    randomUUID(),
    checkedEmail(wanted.email),
    wanted.encryptedPassword ?? null,
    { ...providers, ...wanted.appMetadata },
    wanted.userMetadata ?? {},
    wanted.confirmed === true ? new Date() : null,
  ];
  const { rows } = await own.query<UserRow>(
    `insert into auth.users (id, email, encrypted_password, raw_app_meta_data, raw_user_meta_data, email_confirmed_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (lower(email)) do nothing returning *`,
    values,
  );
  const [user] = rows;
  if (user === undefined) {
    throw new AuthError(422, "email_exists", "A user with this email address has already been registered");
  }
  return user;
};

/** Metadata is merged key by key. A key that is set to null is removed. */
export const updateUser = async (own: pg.Pool, id: string, changes: UserChanges): Promise<UserRow> => {
  const email = changes.email === undefined ? null : checkedEmail(changes.email);
  try {
    const { rows } = await own.query<UserRow>(
      `update auth.users set
         email = coalesce($2::text, email),
         encrypted_password = coalesce($3::text, encrypted_password),
         raw_app_meta_data = jsonb_strip_nulls(raw_app_meta_data || coalesce($4::jsonb, '{}')),
         raw_user_meta_data = jsonb_strip_nulls(raw_user_meta_data || coalesce($5::jsonb, '{}')),
         email_confirmed_at = case when $6::boolean then coalesce(email_confirmed_at, now()) else email_confirmed_at end,
         banned_until = case when $7::int is null then banned_until when $7 > 0 then now() + make_interval(hours => $7) end,
         updated_at = now()
       where id = $1 returning *`,
      // biome-ignore format: one line for the parameters of one statement
      [id, email, changes.encryptedPassword ?? null, changes.appMetadata ?? null, changes.userMetadata ?? null, changes.confirmed ?? false, changes.banHours ?? null],
    );
    return found(rows[0]);
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === "23505") {
      throw new AuthError(422, "email_exists", "A user with this email address has already been registered");
    }
    throw error;
  }
};

export const findUser = async (own: pg.Pool, id: string): Promise<UserRow | undefined> =>
  (await own.query<UserRow>("select * from auth.users where id = $1", [id])).rows[0];

export const findUserByEmail = async (own: pg.Pool, email: string): Promise<UserRow | undefined> =>
  (await own.query<UserRow>("select * from auth.users where lower(email) = lower($1)", [email])).rows[0];

export const deleteUser = async (own: pg.Pool, id: string): Promise<UserRow> =>
  found((await own.query<UserRow>("delete from auth.users where id = $1 returning *", [id])).rows[0]);

export const listUsers = async (own: pg.Pool, page: number, perPage: number) => {
  const { rows } = await own.query<UserRow & { total: string }>(
    "select *, count(*) over () as total from auth.users order by created_at desc, id limit $1 offset $2",
    [perPage, (page - 1) * perPage],
  );
  return { users: rows.map(presentUser), total: Number(rows[0]?.total ?? 0) };
};

export const found = (user: UserRow | undefined): UserRow => {
  if (user === undefined) throw new AuthError(404, "user_not_found", "User not found");
  return user;
};

const checkedEmail = (email: string): string => {
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw new AuthError(400, "validation_failed", "Unable to validate email address: invalid format");
  }
  return email.toLowerCase();
};
