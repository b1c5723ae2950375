import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const profileRow = z.object({
  id: z.uuid(),
  name: z.string(),
  revision: z.number(),
  updated_at: z.string(),
});
export type Profile = z.output<typeof profileRow>;

export type UserRepository = ReturnType<typeof userRepository>;

export function userRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    get: async (id: string) => (await callTimeless("get_profile", { id }, profileRow.array()))[0],

    /** Changes the profile, and publishes `user.updated` to the user and to `by`, unless nothing changes. */
    change: (id: string, change: { name?: string | undefined }, by: string) =>
      call("change_profile", { id, change, by }, profileRow),
  };
}
