import type { CampaignApiRepository } from "#campaigns/api-repository.ts";
import { campaignView } from "#campaigns/api-repository.ts";
import { resumeCampaignRequested } from "#campaigns/events.ts";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = { campaigns: CampaignApiRepository; jobs: Pick<Jobs, "accept"> };

export const pauseRoutes = ({ campaigns, jobs }: Dependencies): Route[] => [
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
