import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
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
  const { call, callTimeless } = createCall(db, clock);
  return {
    send: ({ owner, type, data = {}, key }: News): Promise<void> =>
      call("notify", { owner, type, data, key }),

    list: (owner: string, { unread, limit }: { unread: boolean; limit: number }): Promise<Notification[]> =>
      callTimeless("list_notifications", { owner, unread, limit }, notificationView.array()),

    /** Undefined when this owner has no such notification. */
    markRead: async (id: string, owner: string): Promise<Notification | undefined> =>
      (await call("read_notification", { id, owner }, notificationView.nullable())) ?? undefined,
  };
}
