import { z } from "zod";
import { AppError } from "#lib/errors.ts";
import { trimmedText } from "#lib/http/fields.ts";
import { idParams, json, type Requester, type Route, route } from "#lib/http/route.ts";
import type { Profile, UserRepository } from "#users/repository.ts";

type Dependencies = { users: UserRepository };

const profileView = z.object({
  id: z.uuid(),
  name: z.string(),
  revision: z.number(),
  updatedAt: z.string(),
});
z.globalRegistry.add(profileView, { id: "Profile" });

/**
 * A user may read and change only their own profile; applications and administrators may read and change every profile.
 */
export const userRoutes = ({ users }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/users/:id",
    policy: "user",
    summary: "A user's profile",
    params: idParams,
    responses: { 200: profileView },
    handler: async ({ params: { id }, requester }) => {
      const profile = mayOpen(requester, id) ? await users.get(id) : undefined;
      if (!profile) throw new AppError("not_found", "User not found");
      return json(200, toView(profile));
    },
  }),
  route({
    method: "PATCH",
    path: "/api/users/:id",
    policy: "user",
    summary: "Change a user's profile; webhooks receive the change as user.updated",
    params: idParams,
    body: z.object({ name: trimmedText(200) }).partial(),
    responses: { 200: z.object({ status: z.literal("updated"), user: profileView }) },
    handler: async ({ params: { id }, body, requester }) => {
      if (!mayOpen(requester, id)) throw new AppError("not_found", "User not found");
      return json(200, { status: "updated", user: toView(await users.change(id, body, requester.owner)) });
    },
  }),
];

const mayOpen = ({ role, owner }: Requester, id: string): boolean => role !== "user" || owner === id;

const toView = ({ updated_at: updatedAt, id, name, revision }: Profile) => ({
  id,
  name,
  revision,
  updatedAt,
});
