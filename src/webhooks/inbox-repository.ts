import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";

const verdicts = ["failed", "applied", "unchanged", "covered", "ignored", "unreadable"] as const;
/** The verdicts of `webhook_inbox`; "received" is shown as "waiting", because the webhook waits for its job. */
export const webhookStatus = z.enum(["waiting", ...verdicts]);
export type WebhookStatus = z.output<typeof webhookStatus>;

const inboxRow = z.object({
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  external_id: z.string(),
  verdict: z.enum(["received", ...verdicts]),
  received_at: z.string(),
  handled_at: z.string().nullable(),
  job_id: z.uuid(),
  /** Null when the ledger has no such job, for instance because the job was deleted. */
  job_status: z.string().nullable(),
});
export type InboxRow = z.output<typeof inboxRow>;

const inboxDetails = inboxRow.extend({
  object_key: z.string(),
  occurred_at: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  body_bytes: z.number(),
});
export type InboxDetails = z.output<typeof inboxDetails>;

const types = z.array(z.object({ source: z.string(), type: z.string() }));

/** A provider has at most a few hundred types. */
const MOST_TYPES = 500;

/** The most characters of a body in an answer; the whole body may have 5 MB. */
const BODY_CHARS = 65_536;

type Wanted = { source: string | undefined; type: string | undefined; status: WebhookStatus | undefined };

export type InboxRepository = ReturnType<typeof inboxRepository>;

/** The statements with which an administrator reads the inbox. */
export function inboxRepository(db: DatabaseClient, clock: Clock) {
  const { callTimeless } = createCall(db, clock);
  return {
    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: ({ source, type, status }: Wanted, limit: number, before?: Position) =>
      callTimeless(
        "list_webhooks",
        {
          source,
          type,
          verdict: status === "waiting" ? "received" : status,
          beforeAt: before?.at,
          beforeId: before?.id,
          limit: limit + 1,
        },
        inboxRow.array(),
      ),

    /** The sources and types of the webhooks in the inbox. */
    types: () => callTimeless("list_webhook_types", { limit: MOST_TYPES }, types),

    async get(id: string): Promise<InboxDetails | undefined> {
      return (await callTimeless("get_webhook", { id, most: BODY_CHARS }, inboxDetails.array())).at(0);
    },
  };
}
