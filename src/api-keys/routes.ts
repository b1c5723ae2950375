import { z } from "zod";
import type { ApiKeyRepository, ApiKeyRow } from "#api-keys/repository.ts";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { filledText, instant, text } from "#lib/http/fields.ts";
import { pageQueryBy, toPage } from "#lib/http/pages.ts";
import { json, type Route, route } from "#lib/http/route.ts";

type Dependencies = { keys: ApiKeyRepository; clock: Clock };

const time = z.string().nullable();
export const apiKeyView = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(["app", "admin"]),
  owner: z.string(),
  createdAt: z.string(),
  expiresAt: time,
  lastUsedAt: time,
  revokedAt: time,
});
z.globalRegistry.add(apiKeyView, { id: "ApiKey" });
const keyId = text(12).regex(/^[a-z0-9]{12}$/);
const newKey = z.object({
  name: filledText(200),
  role: z.enum(["app", "admin"]),
  /** The key starts and sees the jobs of this owner; an admin key sees all jobs. */
  owner: filledText(200),
  expiresAt: instant.optional(),
});

export const apiKeyRoutes = ({ keys, clock }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/keys",
    policy: "admin",
    summary: "API keys, newest first, also those that were revoked; never their secrets",
    query: z.object(pageQueryBy(keyId)),
    responses: { 200: z.object({ items: z.array(apiKeyView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor } }) => {
      const page = toPage(await keys.list(limit, cursor), limit, ({ created_at: at, id }) => ({ at, id }));
      return json(200, { ...page, items: page.items.map(toView) });
    },
  }),
  route({
    method: "POST",
    path: "/api/keys",
    policy: "admin",
    summary: "Make an API key; the answer is the only time that it is shown",
    body: newKey,
    responses: { 201: z.object({ id: z.string(), key: z.string() }) },
    handler: async ({ body }) => {
      const { expiresAt = null } = body;
      if (expiresAt !== null && Date.parse(expiresAt) <= clock.now().getTime()) {
        throw new AppError("invalid_request", "expiresAt is in the past");
      }
      return json(201, await keys.create({ ...body, expiresAt }));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/keys/:id",
    policy: "admin",
    summary: "Revoke an API key; it opens nothing any more",
    params: z.object({ id: keyId }),
    responses: { 204: z.undefined() },
    handler: async ({ params }) => {
      if (!(await keys.revoke(params.id))) throw new AppError("not_found", "No API key has this id");
      return json(204, undefined);
    },
  }),
];

const toView = (row: ApiKeyRow): z.output<typeof apiKeyView> => ({
  id: row.id,
  name: row.name,
  role: row.role,
  owner: row.owner,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
  revokedAt: row.revoked_at,
});
