import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const suppressionRow = z.object({
  id: z.number(),
  address: z.string().nullable(),
  scope: z.enum(["all", "list", "stream"]),
  list_id: z.uuid().nullable(),
  stream: z.enum(["broadcast", "transactional"]).nullable(),
  reason: z.enum(["unsubscribed", "bounced", "complained", "by_hand", "by_provider", "deleted"]),
  source: z.string(),
  note: z.string().nullable(),
  is_active: z.boolean(),
  suppressed_at: z.string().nullable(),
  lifted_at: z.string().nullable(),
  lifted_by: z.string().nullable(),
  lifted_because: z.string().nullable(),
});
export type SuppressionRow = z.output<typeof suppressionRow>;

/** A suppression that a person makes. */
export type NewSuppression = {
  address: string;
  scope: SuppressionRow["scope"];
  listId?: string | undefined;
  stream?: SuppressionRow["stream"] | undefined;
  source: string;
  note?: string | undefined;
};

export const ACTIONS = ["unsubscribe", "unsubscribe_from_all", "subscribe"] as const;
export type Action = (typeof ACTIONS)[number];

const preferences = z
  .object({
    list: z.string(),
    email: z.string().nullable(),
    state: z.enum(["subscribed", "unsubscribed", "unsubscribed_from_all", "closed"]),
  })
  .nullable();
/** Whether an address gets the mail of a list. `closed`: it gets none, and the person cannot change this. */
export type Preferences = NonNullable<z.output<typeof preferences>>;

export type SuppressionRepository = ReturnType<typeof suppressionRepository>;

export function suppressionRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  const one = z.tuple([suppressionRow]).transform(([row]) => row);
  return {
    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (address: string | undefined, limit: number, beforeId?: number): Promise<SuppressionRow[]> =>
      callTimeless(
        "list_suppressions",
        { email: address, beforeId, limit: limit + 1 },
        suppressionRow.array(),
      ),

    /** Suppresses an address for a person who asked for it. A repeated call changes nothing. */
    add: (suppression: NewSuppression): Promise<SuppressionRow> =>
      call("add_suppression", { row: { ...suppression, reason: "by_hand" } }, one),

    /** Takes a suppression back. `address` is needed when the row does not have it, because it was erased. */
    lift: (
      id: number,
      { address: email, by, because }: { address: string | undefined; by: string; because: string },
    ): Promise<SuppressionRow> => call("lift_suppression", { id, email, by, because }, one),

    /** Null when the list no longer exists. */
    preferences: (subscription: { listId: string; subscriberId: number }): Promise<Preferences | null> =>
      callTimeless("read_preferences", subscription, preferences),

    changePreferences: (
      subscription: { listId: string; subscriberId: number },
      action: Action,
    ): Promise<Preferences | null> => call("change_preferences", { ...subscription, action }, preferences),
  };
}
