import { z } from "zod";
import { SEND_STATUSES } from "#campaigns/api-repository.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

/** What happened to one subscriber: the last mails of the list's campaigns, and the suppressions of the address. */
export const subscriberHistory = z.object({
  email: z.string(),
  status: z.string(),
  fields: z.record(z.string(), z.unknown()),
  createdAt: z.string(),
  mails: z.array(
    z.object({
      campaignId: z.uuid(),
      name: z.string(),
      queuedAt: z.string().nullable(),
      status: z.enum(SEND_STATUSES),
      /** What the provider has reported about the mail, such as bounced. */
      reported: z.string().nullable(),
      errorCode: z.string().nullable(),
    }),
  ),
  suppressions: z.array(
    z.object({
      scope: z.enum(["all", "list", "stream"]),
      stream: z.string().nullable(),
      reason: z.string(),
      isActive: z.boolean(),
      suppressedAt: z.string().nullable(),
      liftedAt: z.string().nullable(),
    }),
  ),
});
z.globalRegistry.add(subscriberHistory, { id: "SubscriberHistory" });
export type HistoryRepository = ReturnType<typeof historyRepository>;

/** The largest numbers of mails and of suppressions in an answer. */
const MOST = 50;

export function historyRepository(db: DatabaseClient, clock: Clock) {
  const { callTimeless } = createCall(db, clock);
  return {
    of: (listId: string, owner: string | null, subscriberId: number) =>
      callTimeless("get_subscriber_history", { listId, owner, subscriberId, limit: MOST }, subscriberHistory),
  };
}
