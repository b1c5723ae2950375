import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { CampaignApiRepository } from "#campaigns/api-repository.ts";
import { campaignContent } from "#campaigns/content.ts";
import { sendCampaignRequested } from "#campaigns/events.ts";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { uuid } from "#lib/http/fields.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  campaigns: CampaignApiRepository;
  jobs: Pick<Jobs, "accept">;
  /** Throws when a broadcast would lack what the law demands. */
  refuseWithoutImprint: () => void;
};

const newsletterView = acceptedView.extend({
  campaignId: z.uuid(),
  queued: z.literal(true),
  subscriberCount: z.number(),
});
z.globalRegistry.add(newsletterView, { id: "AcceptedNewsletter" });
const eventData = z.object({ campaignId: z.uuid() });

/**
 * The source documents have two names for one action: to send a campaign that exists, and one that the request
 * contains.
 */
export const newsletterRoutes = ({ campaigns, jobs, refuseWithoutImprint }: Dependencies): Route[] =>
  ["/api/newsletter", "/api/send-newsletter"].map((path) =>
    route({
      method: "POST",
      path,
      policy: "app",
      summary: "Send a newsletter: a campaign by its id, or its content",
      body: z.union([z.strictObject({ campaignId: uuid }), campaignContent]),
      responses: { 202: newsletterView },
      handler: async ({ body, requester, idempotencyKey }) => {
        refuseWithoutImprint();
        const owner = ownerOf(requester);
        const isWritten = "campaignId" in body;
        const wanted = request(
          sendCampaignRequested,
          { campaignId: isWritten ? body.campaignId : randomUUID() },
          { requester, key: idempotencyKey, said: body },
        );
        const job = await jobs.accept(wanted, (job) =>
          isWritten
            ? campaigns.acceptSend(body.campaignId, owner, job)
            : campaigns.acceptNewsletter(body, owner, job),
        );
        const { campaignId } = eventData.parse(job.event_data);
        const subscriberCount = await campaigns.audience(campaignId);
        return json(202, {
          ...accepted("Campaign queued", job.id),
          campaignId,
          queued: true,
          subscriberCount,
        });
      },
    }),
  );
