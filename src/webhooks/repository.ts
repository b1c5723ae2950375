import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { sendableJob } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";

/**
 * A webhook for the inbox, and the request for its job. Without a request the webhook is stored as ignored, or with its
 * own verdict.
 */
export type Arrival = { webhook: InboxRow; request: JobRequest | null };
type InboxRow = { id: string; body: string; [field: string]: Json };

const webhook = z.object({
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  body: z.string(),
  occurredAt: z.string().nullable(),
  receivedAt: z.string(),
  sequence: z.number(),
  newestSequence: z.number(),
  isCovered: z.boolean(),
  /** When the webhook's object was last read from the provider. */
  coveredAt: z.string().nullable(),
});
/** A webhook of the inbox; `body` is the raw JSON. */
export type Webhook = z.output<typeof webhook>;

export type Verdict = "applied" | "unchanged" | "covered";

export type WebhookRepository = ReturnType<typeof webhookRepository>;

export function webhookRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Stores webhooks and accepts their jobs. A duplicate changes nothing. Returns the new jobs. */
    receive: (arrivals: readonly Arrival[]) =>
      call("receive_webhooks", { webhooks: [...arrivals] }, sendableJob.array()),

    countRefusal: (source: string, reason: string) => call("count_webhook_refusal", { source, reason }),

    async open(id: string): Promise<Webhook | undefined> {
      return (await callTimeless("open_webhook", { id }, webhook.array())).at(0);
    },

    settle: (id: string, verdict: Verdict, coveredSequence: number | undefined) =>
      call("settle_webhook", { id, verdict, coveredSequence }),

    /** Returns false when this webhook was counted before. */
    countGithub: (id: string, repository: string, counts: Record<string, number>) =>
      call("count_github_webhook", { id, repository, counts }, z.boolean()),

    /** Returns how many rows were written. */
    syncGithub: (metrics: Json) => call("sync_github_metrics", { metrics }, z.number()),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_webhooks", { before: before.toISOString(), limit }, z.number()),
  };
}
