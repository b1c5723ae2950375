import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
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
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Only this answer contains the key, because the database stores a hash and not the key. */
    create: (key: NewApiKey) => call("create_api_key", key, created),

    /** Returns at most `limit` + 1 keys, newest first: the extra row shows that there is a next page. */
    list: (limit: number, before?: Position): Promise<ApiKeyRow[]> =>
      callTimeless(
        "list_api_keys",
        { beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        apiKeyRow.array(),
      ),

    /** Returns false when no key has this id. */
    revoke: (id: string): Promise<boolean> => call("revoke_api_key", { id }, z.boolean()),
  };
}
