import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CampaignApiRepository } from "#campaigns/api-repository.ts";
import type { CampaignContent } from "#campaigns/content.ts";
import { sendCampaignRequested } from "#campaigns/events.ts";
import type { SendAtOnce } from "#campaigns/send-at-once.ts";
import type { Jobs } from "#jobs/accept.ts";
import { type JobRequest, request } from "#jobs/request.ts";
import { ownerOf, type Requester } from "#lib/http/route.ts";

type Way = "queue" | "sync";
/** Chooses between the queue and the request itself; see src/rollout. */
export type NewsletterRollout = {
  choose(flag: string, key: string): Promise<{ way: Way; reason: string } | undefined>;
  decide(decision: {
    flag: string;
    subject: string;
    key: string;
    way: Way;
    reason: string;
    jobId: string;
  }): Promise<{ way: Way; isNew: boolean }>;
  queue(jobId: string): Promise<void>;
};

export type NewsletterDependencies = {
  campaigns: Pick<CampaignApiRepository, "acceptSend" | "acceptNewsletter" | "audience">;
  jobs: Pick<Jobs, "accept">;
  rollout: NewsletterRollout;
  sendAtOnce: SendAtOnce;
};
export type Newsletter = { campaignId: string } | CampaignContent;

/** The name of the flag in the source documents (S4-64). */
const FLAG = "async_newsletter";
/**
 * The most recipients of one request to the provider. With more recipients than this, the queue sends the newsletter.
 */
const MOST_AT_ONCE = 100;
const eventData = z.object({ campaignId: z.uuid() });

/**
 * Accepts a newsletter. While the flag "async_newsletter" exists, the job is held until the flag decides whether the
 * queue or this request sends the newsletter. The first decision on a campaign counts, and only the request that made
 * it sends.
 */
export async function sendNewsletter(
  { campaigns, jobs, rollout, sendAtOnce }: NewsletterDependencies,
  newsletter: Newsletter,
  requester: Requester,
  idempotencyKey: string | undefined,
) {
  const key = requester.owner;
  const choice = await rollout.choose(FLAG, key);
  const wanted = requestOf(newsletter, requester, idempotencyKey, choice !== undefined);
  const statement = (job: JobRequest) =>
    "campaignId" in newsletter
      ? campaigns.acceptSend(newsletter.campaignId, ownerOf(requester), job)
      : campaigns.acceptNewsletter(newsletter, ownerOf(requester), job);
  const job = await jobs.accept(wanted, statement);
  const { campaignId } = eventData.parse(job.event_data);
  const subscriberCount = await campaigns.audience(campaignId);
  const sent = { jobId: job.id, campaignId, subscriberCount };
  if (choice === undefined) return { ...sent, isSent: false };
  if (job.ended_at !== null || job.released_at !== null)
    return { ...sent, isSent: job.status === "completed" };

  const small = subscriberCount <= MOST_AT_ONCE;
  const { way, isNew } = await rollout.decide({
    flag: FLAG,
    subject: campaignId,
    key,
    jobId: job.id,
    ...(small ? choice : { way: "queue", reason: "audience" }),
  });
  const isSent = way === "sync" && isNew && (await sendAtOnce(campaignId, job.id));
  // A second request of the same campaign does nothing here, because the first request does the work.
  if (!isSent && (way === "queue" || isNew)) await rollout.queue(job.id);
  return { ...sent, isSent };
}

function requestOf(newsletter: Newsletter, requester: Requester, key: string | undefined, held: boolean) {
  const campaignId = "campaignId" in newsletter ? newsletter.campaignId : randomUUID();
  const options = { requester, key, comparedData: newsletter, held };
  return request(sendCampaignRequested, { campaignId }, options);
}
