import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { NewSubscriber } from "#lists/read-subscribers.ts";

export const SUBSCRIBER_STATUSES = ["active", "unsubscribed", "bounced", "complained"] as const;
export const subscriberStatus = z.enum(SUBSCRIBER_STATUSES);

const listRow = z.object({ id: z.uuid(), name: z.string(), created_at: z.string() });
export type ListRow = z.output<typeof listRow>;

const listDetails = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: z.string(),
  subscribers: z.record(subscriberStatus, z.number()),
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

/** Lists and who is on them. `owner: null` is an admin; with an owner, other people's lists do not exist. */
export const listRepository = (db: DatabaseClient, clock: Clock) => {
  const now = () => clock.now().toISOString();
  return {
    async create(owner: string, name: string): Promise<ListRow> {
      return listRow.parse(
        await unwrap(db.rpc("create_email_list", { p_owner: owner, p_name: name, p_now: now() })),
      );
    },

    /** One row more than `limit`, when there is one; newest first. */
    async list(owner: string | null, limit: number, before?: { at: string; id: string }): Promise<ListRow[]> {
      const rows = await unwrap(
        db.rpc("list_email_lists", {
          p_owner: owner,
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return listRow.array().parse(rows);
    },

    async get(listId: string, owner: string | null) {
      return listDetails.parse(await unwrap(db.rpc("get_email_list", { p_list_id: listId, p_owner: owner })));
    },

    /** Up to a thousand at a time; the last of equal addresses wins. */
    async upsert(listId: string, owner: string | null, subscribers: readonly NewSubscriber[]) {
      const answer = await unwrap(
        db.rpc("upsert_email_subscribers", {
          p_list_id: listId,
          p_owner: owner,
          p_rows: z.json().parse(subscribers),
          p_now: now(),
        }),
      );
      return stored.parse(answer);
    },

    /** One row more than `limit`, when there is one; in the order of ids. */
    async subscribers(
      listId: string,
      owner: string | null,
      status: string | undefined,
      after: number,
      limit: number,
    ) {
      const rows = await unwrap(
        db.rpc("list_email_subscribers", {
          p_list_id: listId,
          p_owner: owner,
          p_status: status ?? null,
          p_after: after,
          p_limit: limit + 1,
        }),
      );
      return subscriberRow.array().parse(rows);
    },

    async setStatus(
      listId: string,
      owner: string | null,
      subscriberId: number,
      status: string,
    ): Promise<SubscriberRow> {
      const row = await unwrap(
        db.rpc("set_email_subscriber_status", {
          p_list_id: listId,
          p_owner: owner,
          p_subscriber_id: subscriberId,
          p_status: status,
          p_now: now(),
        }),
      );
      return subscriberRow.parse(row);
    },
  };
};
