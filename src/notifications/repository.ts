import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";

export const notificationView = z.object({
  id: z.uuid(),
  /** What kind of news: NEW_MESSAGE, IMAGE_READY. */
  type: z.string(),
  /** Whose: a user's id, or what an API key stands for. */
  userId: z.string(),
  data: z.json(),
  createdAt: z.string(),
  readAt: z.string().nullable(),
});
z.globalRegistry.add(notificationView, { id: "Notification" });
export type Notification = z.output<typeof notificationView>;

export type NotificationRepository = ReturnType<typeof notificationRepository>;

type News = {
  owner: string;
  /** In capitals: NEW_MESSAGE. */
  type: string;
  data?: Json;
  /** Of the work, never of the run: the same news under the same key is told once. */
  key?: string;
};

/** What people are told. Each has their newest 200; whoever follows their jobs live hears it at once. */
export function notificationRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    async send({ owner, type, data = {}, key }: News): Promise<void> {
      await unwrap(
        db.rpc("notify", { p_owner: owner, p_type: type, p_data: data, p_key: key ?? null, p_now: now() }),
      );
    },

    async list(
      owner: string,
      { unread, limit }: { unread: boolean; limit: number },
    ): Promise<Notification[]> {
      const rows = await unwrap(
        db.rpc("list_notifications", { p_owner: owner, p_unread: unread, p_limit: limit }),
      );
      return notificationView.array().parse(rows);
    },

    /** Undefined when this owner has no such notification. */
    async markRead(id: string, owner: string): Promise<Notification | undefined> {
      const row = await unwrap(db.rpc("read_notification", { p_id: id, p_owner: owner, p_now: now() }));
      return notificationView.nullable().parse(row) ?? undefined;
    },
  };
}
