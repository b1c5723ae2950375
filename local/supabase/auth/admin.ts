import type pg from "pg";
import { z } from "zod";
import { type Answer, type Ask, json, notModeled, refuse } from "../http.ts";
import { readBody } from "./body.ts";
import { AuthError } from "./errors.ts";
import { hashPassword } from "./passwords.ts";
import { createUser, deleteUser, findUser, found, listUsers, presentUser, updateUser } from "./users.ts";

/** `/auth/v1/admin/users`: what servers do with users, by the secret key alone. */
export const createAdmin = (own: pg.Pool) => {
  const create = async (ask: Ask) => {
    const { email, ...changes } = await readChanges(ask);
    if (email === undefined)
      throw new AuthError(400, "validation_failed", "Cannot create a user without an email");
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

  return async (ask: Ask, path: string): Promise<Answer> => {
    const id = path.slice(1);
    if (id === "") {
      if (ask.method === "POST") return create(ask);
      if (ask.method === "GET") return list(ask);
      return notModeled(`${ask.method} ${ask.path}`);
    }
    if (id.includes("/")) return notModeled(`${ask.method} ${ask.path}`);
    if (!z.uuid().safeParse(id).success)
      throw new AuthError(404, "validation_failed", "user_id must be an UUID");
    switch (ask.method) {
      case "GET":
        return json(200, presentUser(found(await findUser(own, id))));
      case "PUT":
        return json(200, presentUser(await updateUser(own, id, await readChanges(ask))));
      case "DELETE":
        if ((await readBody(ask, softDelete)).should_soft_delete === true)
          return notModeled("soft deletes of users");
        return json(200, presentUser(await deleteUser(own, id)));
      default:
        return notModeled(`${ask.method} ${ask.path}`);
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
    app_metadata: metadata.optional(),
    user_metadata: metadata.optional(),
  })
  .catchall(z.unknown());

const readChanges = async (ask: Ask) => {
  const { email, password, email_confirm, app_metadata, user_metadata, ...others } = await readBody(
    ask,
    changesSchema,
  );
  const [other] = Object.keys(others);
  if (other !== undefined) refuse(`the user attribute "${other}"`);
  return {
    email,
    encryptedPassword: password === undefined ? undefined : await hashPassword(password),
    confirmed: email_confirm,
    appMetadata: app_metadata,
    userMetadata: user_metadata,
  };
};
