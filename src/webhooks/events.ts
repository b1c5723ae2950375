import { eventType } from "inngest";
import { z } from "zod";

/**
 * Optional fields of the event of a job of one part. Without them, the run begins the job. With them, the run continues
 * the job.
 */
const partOfJob = { parentJobId: z.uuid().optional(), part: z.literal(1).optional() };

/**
 * Fact: a verified webhook is in the inbox. The event has ids only, because events are stored in clear text. Webhooks
 * with the same `objectKey` are handled one after the other.
 */
export const webhookReceived = eventType("webhook/received", {
  schema: z.object({ webhookId: z.uuid(), objectKey: z.string().min(1).max(300) }),
});

/** Command: handle the webhooks of this replay again. */
export const inboxReplayRequested = eventType("webhook/replay-inbox", {
  schema: z.object({
    replayId: z.uuid(),
    ...partOfJob,
  }),
});

const tick = z.object({
  schedule: z.string().max(100),
  slot: z.string().max(40),
  dueAt: z.iso.datetime().max(40),
});

/** Command: read the metrics of all configured repositories from GitHub. */
export const githubSyncDue = eventType("github/sync-metrics", { schema: tick });

/** Command: store the webhooks that providers have sent and we have not received. */
export const webhookGapsDue = eventType("webhook/check-gaps", { schema: tick });
