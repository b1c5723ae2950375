import type pg from "pg";
import { z } from "zod";
import { type Answer, type Ask, json, refuse } from "../http.ts";
import { readBody } from "./body.ts";
import { AuthError } from "./errors.ts";
import { hashPassword } from "./passwords.ts";
import { createUser, deleteUser, findUser, found, listUsers, presentUser, updateUser } from "./users.ts";

/** `/auth/v1/admin/users`, where servers manage users. Requests need the secret key. */
export const createAdmin = (own: pg.Pool) => {
  const create = async (ask: Ask) => {
    const { email, ...changes } = await readChanges(ask);
    if (email === undefined)
      throw new AuthError(400, "validation_failed", "Cannot create a user without an email");
    if (changes.banHours !== undefined) refuse("ban_duration when a user is created");
    return json(200, presentUser(await createUser(own, { ...changes, email })));
  };

  const list = async (ask: Ask) => {
    const page = Number(ask.query.get("page") || "1");
    const perPage = Number(ask.query.get("per_page") || "50");
    const { users, total } = await listUsers(own, page, perPage);
    const last = Math.max(1, Math.ceil(total / perPage));
    const links = [...(page < last ? [[page + 1, "next"]] : []), [last, "last"]];
    const link = links
      .map(([to, rel]) => `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`)
      .join(", ");
    return json(200, { users, aud: "authenticated" }, { "x-total-count": String(total), link });
  };

  const remove = async (ask: Ask, id: string) => {
    if ((await readBody(ask, softDelete)).should_soft_delete === true) refuse("soft deletes of users");
    return json(200, presentUser(await deleteUser(own, id)));
  };

  /** The operation that a request asks for. `id` is the part of the path after `/admin/users/`. */
  return (ask: Ask, id?: string): (() => Promise<Answer>) => {
    if (id !== undefined && !z.uuid().safeParse(id).success)
      throw new AuthError(404, "validation_failed", "user_id must be an UUID");
    switch (`${ask.method} ${id === undefined ? "users" : "user"}`) {
      case "POST users":
        return () => create(ask);
      case "GET users":
        return () => list(ask);
      case "GET user":
        return async () => json(200, presentUser(found(await findUser(own, id ?? ""))));
      case "PUT user":
        return async () => json(200, presentUser(await updateUser(own, id ?? "", await readChanges(ask))));
      case "DELETE user":
        return () => remove(ask, id ?? "");
      default:
        return refuse(`${ask.method} ${ask.path}`);
    }
  };
};

const softDelete = z.object({ should_soft_delete: z.boolean().optional() });
const metadata = z.record(z.string(), z.unknown());

const changesSchema = z
  .object({
    email: z.string().optional(),
    password: z.string().optional(),
    email_confirm: z.boolean().optional(),
    ban_duration: z
      .string()
      .regex(/^(none|\d+h)$/, 'The local Supabase reads "none" or hours, such as "24h"')
      .optional(),
    app_metadata: metadata.optional(),
    user_metadata: metadata.optional(),
  })
  .catchall(z.unknown());

const readChanges = async (ask: Ask) => {
  const { email, password, email_confirm, ban_duration, app_metadata, user_metadata, ...others } =
    await readBody(ask, changesSchema);
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(`the user attribute "${other}"`);
  return {
    email,
    encryptedPassword: password === undefined ? undefined : await hashPassword(password),
    confirmed: email_confirm,
    banHours: ban_duration === undefined ? undefined : Number.parseInt(ban_duration, 10) || 0,
    appMetadata: app_metadata,
    userMetadata: user_metadata,
  };
};
