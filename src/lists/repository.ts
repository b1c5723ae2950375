import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";
import type { NewSubscriber } from "#lists/read-subscribers.ts";

export const SUBSCRIBER_STATUSES = ["active", "unsubscribed", "bounced", "complained", "suppressed"] as const;
export const subscriberStatus = z.enum(SUBSCRIBER_STATUSES);

/** How many subscribers of each status a list has. */
export const subscriberCounts = z.record(subscriberStatus, z.number());

const listRow = z.object({ id: z.uuid(), name: z.string(), created_at: z.string() });
export type ListRow = z.output<typeof listRow>;
const countedListRow = listRow.extend({ subscribers: subscriberCounts.nullable() });
export type CountedListRow = z.output<typeof countedListRow>;

export const listDetails = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: z.string(),
  subscribers: subscriberCounts,
});

const subscriberRow = z.object({
  id: z.number(),
  email: z.string(),
  fields: z.record(z.string(), z.unknown()),
  status: subscriberStatus,
  created_at: z.string(),
  updated_at: z.string(),
});
export type SubscriberRow = z.output<typeof subscriberRow>;

const stored = z.object({ created: z.number(), updated: z.number() });

export type ListRepository = ReturnType<typeof listRepository>;

/** Lists and their subscribers. `owner: null` is an admin; any other owner sees only its own lists. */
export const listRepository = (db: DatabaseClient, clock: Clock) => {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** `id`: see `idOfRequest`. */
    create: (id: string, owner: string, name: string): Promise<ListRow> =>
      call("create_email_list", { id, owner, name }, listRow),

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (
      owner: string | null,
      { limit, counts }: { limit: number; counts: boolean },
      before?: Position,
    ): Promise<CountedListRow[]> =>
      callTimeless(
        "list_email_lists",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1, counts },
        countedListRow.array(),
      ),

    get: (listId: string, owner: string | null) =>
      callTimeless("get_email_list", { listId, owner }, listDetails),

    /**
     * Stores up to a thousand subscribers; of equal addresses the last one wins. `replace` removes the fields that are
     * left out.
     */
    upsert: (listId: string, owner: string | null, subscribers: readonly NewSubscriber[], replace: boolean) =>
      call("upsert_email_subscribers", { listId, owner, rows: z.json().parse(subscribers), replace }, stored),

    /** Returns at most `limit` + 1 rows, sorted by id: the extra row shows that there is a next page. */
    subscribers: (
      listId: string,
      owner: string | null,
      { status, search }: { status?: string | undefined; search?: string | undefined },
      after: number,
      limit: number,
    ) =>
      callTimeless(
        "list_email_subscribers",
        { listId, owner, status, search, after, limit: limit + 1 },
        subscriberRow.array(),
      ),

    setStatus: (
      listId: string,
      owner: string | null,
      subscriberId: number,
      status: string,
      by: string,
    ): Promise<SubscriberRow> =>
      call("set_email_subscriber_status", { listId, owner, subscriberId, status, by }, subscriberRow),

    /** Throws `conflict` while a campaign refers to the list. */
    remove: (listId: string, owner: string | null): Promise<void> =>
      callTimeless("delete_email_list", { listId, owner }),

    eraseSubscriber: (
      listId: string,
      owner: string | null,
      subscriberId: number,
      by: string,
    ): Promise<void> => call("erase_email_subscriber", { listId, owner, subscriberId, by }),
  };
};
