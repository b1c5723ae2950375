import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";

export const notificationView = z.object({
  id: z.uuid(),
  /** The type of the notification: NEW_MESSAGE, IMAGE_READY. */
  type: z.string(),
  /** The reader: a user's id, or the owner of an API key. */
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
  /**
   * Identifies the notification by the work that it is about, not by the run, so that a repeated run notifies once: a
   * second notification with the same key is ignored.
   */
  key?: string;
};

/**
 * Notifications to people. The newest 200 of each person are kept. A client that follows its jobs live receives them at
 * once.
 */
export function notificationRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    send: ({ owner, type, data = {}, key }: News): Promise<void> =>
      call("notify", { owner, type, data, key }),

    list: (owner: string, { unread, limit }: { unread: boolean; limit: number }): Promise<Notification[]> =>
      callTimeless("list_notifications", { owner, unread, limit }, notificationView.array()),

    /** Undefined when this owner has no such notification. */
    markRead: async (id: string, owner: string): Promise<Notification | undefined> =>
      (await call("read_notification", { id, owner }, notificationView.nullable())) ?? undefined,

    /** The address to which the owner's finished reports are mailed; null when they are not mailed. */
    email: (owner: string) => callTimeless("get_notification_email", { owner }, z.string().nullable()),
    setEmail: (owner: string, email: string | null) => call("set_notification_email", { owner, email }),

    /** Returns how many notifications were unread. */
    markAllRead: (owner: string): Promise<number> => call("read_all_notifications", { owner }, z.number()),
  };
}
