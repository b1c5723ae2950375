import { z } from "zod";
import { type CampaignApiRepository, campaignView } from "#campaigns/api-repository.ts";
import { resumeCampaignRequested, sendCampaignRequested } from "#campaigns/events.ts";
import { previewHash } from "#campaigns/preview-routes.ts";
import type { Jobs } from "#jobs/accept.ts";
import { LONGEST_DELAY_MS, request } from "#jobs/request.ts";
import type { Job } from "#jobs/rows.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import { instant } from "#lib/http/fields.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  campaigns: CampaignApiRepository;
  jobs: Pick<Jobs, "accept">;
  clock: Clock;
  /** Throws when the configuration lacks what the law demands of a broadcast. */
  refuseWithoutImprint: () => void;
};

/** The options of sending: fields of the body or of the query. */
const sendOptions = z.object({
  /** The `hash` of the preview. The answer is 409 when the audience or the content has changed since. */
  previewHash: previewHash.optional(),
  /** Schedules the campaign. Its recipients are the subscribers who are active at that time. */
  sendAt: instant.optional(),
});

/**
 * Sends a campaign now or at a time, pauses and resumes it. To cancel a campaign, cancel its job (`DELETE
 * /api/jobs/:id`).
 */
export const sendRoutes = ({ campaigns, jobs, clock, refuseWithoutImprint }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/campaigns/:id/send",
    policy: "app",
    summary: "Send a campaign; while it is being sent, or with a known key, the answer is the existing job",
    params: idParams,
    query: sendOptions,
    body: sendOptions.optional(),
    responses: { 202: acceptedView, 200: acceptedView },
    handler: async ({ params, query, body = {}, requester, idempotencyKey }) => {
      refuseWithoutImprint();
      refuseBoth(query, body);
      const { sendAt, previewHash: hash } = { ...query, ...body };
      const startAt = startOf(sendAt, clock);
      const wanted = request(
        sendCampaignRequested,
        { campaignId: params.id },
        { requester, key: idempotencyKey, startAt },
      );
      const job = await jobs.accept(wanted, (job) =>
        campaigns.acceptSend(params.id, ownerOf(requester), job, hash),
      );
      return job.id === wanted.id
        ? json(202, accepted(isScheduled(job, clock) ? SCHEDULED : "Campaign queued for sending", job.id))
        : json(200, accepted(isScheduled(job, clock) ? SCHEDULED : ALREADY[job.status], job.id));
    },
  }),
  route({
    method: "POST",
    path: "/api/campaigns/:id/pause",
    policy: "app",
    summary: "Pause a campaign: the batches that were taken are sent, and no more",
    params: idParams,
    responses: { 200: campaignView },
    handler: async ({ params, requester }) => {
      await campaigns.pause(params.id, ownerOf(requester));
      return json(200, await campaigns.get(params.id, ownerOf(requester)));
    },
  }),
  route({
    method: "POST",
    path: "/api/campaigns/:id/resume",
    policy: "app",
    summary: "Resume a paused campaign where it stopped",
    params: idParams,
    responses: { 202: acceptedView },
    handler: async ({ params, requester, idempotencyKey: key }) => {
      const wanted = request(resumeCampaignRequested, { campaignId: params.id }, { requester, key });
      const job = await jobs.accept(wanted, (one) =>
        campaigns.acceptResume(params.id, ownerOf(requester), one),
      );
      return json(202, accepted("Campaign resumed", job.id));
    },
  }),
];

/** Of two values, one would be dropped in silence. */
function refuseBoth(query: object, body: object): void {
  const field = Object.keys(body).find((name) => Object.hasOwn(query, name));
  if (field !== undefined)
    throw new AppError("invalid_request", `"${field}" is given in the query and in the body`);
}

/** The time in UTC, so that one time has one text. The database refuses a time more than ten minutes in the past. */
function startOf(sendAt: string | undefined, clock: Clock): string | undefined {
  if (sendAt === undefined) return undefined;
  const startMs = Date.parse(sendAt);
  if (startMs - clock.now().getTime() > LONGEST_DELAY_MS)
    throw new AppError("invalid_request", '"sendAt" is more than a year away: name an earlier time');
  return new Date(startMs).toISOString();
}

const SCHEDULED = "Campaign is scheduled";
const isScheduled = ({ status, created_at, ready_at }: Job, clock: Clock): boolean =>
  status === "queued" && Date.parse(ready_at) > Math.max(Date.parse(created_at), clock.now().getTime());

/** The message about an existing job, by its status. */
const ALREADY: Record<Job["status"], string> = {
  queued: "Campaign is being sent already",
  running: "Campaign is being sent already",
  completed: "Campaign was sent already",
  failed: "Sending the campaign failed: ask again under another key",
  canceled: "Sending the campaign was canceled",
  skipped: "Campaign was not sent: its note says why",
};
