import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";

const apiKeyRow = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(["app", "admin"]),
  owner: z.string(),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});
export type ApiKeyRow = z.output<typeof apiKeyRow>;

const created = z.object({ id: z.string(), key: z.string() });

export type NewApiKey = { name: string; role: "app" | "admin"; owner: string; expiresAt: string | null };
export type ApiKeyRepository = ReturnType<typeof apiKeyRepository>;

export function apiKeyRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    /** The answer has the only copy of the key. */
    async create({ name, role, owner, expiresAt }: NewApiKey) {
      const args = { p_name: name, p_role: role, p_owner: owner, p_expires_at: expiresAt, p_now: now() };
      return created.parse(await unwrap(db.rpc("create_api_key", args)));
    },

    /** One row more than `limit`, when there is one; newest first. */
    async list(limit: number, before?: Position): Promise<ApiKeyRow[]> {
      const rows = await unwrap(
        db.rpc("list_api_keys", {
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return apiKeyRow.array().parse(rows);
    },

    /** False when there is no such key. */
    revoke: (id: string): Promise<boolean> => unwrap(db.rpc("revoke_api_key", { p_id: id, p_now: now() })),
  };
}
