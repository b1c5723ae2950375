import { z } from "zod";
import { campaignContent } from "#campaigns/content.ts";
import type { CampaignDesk } from "#campaigns/desk-repository.ts";
import { sendRequestOf } from "#campaigns/routes.ts";
import type { Outbox } from "#jobs/outbox.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = { desk: CampaignDesk; outbox: Outbox };

const newsletterView = acceptedView.extend({
  campaignId: z.uuid(),
  queued: z.literal(true),
  subscriberCount: z.number(),
});
z.globalRegistry.add(newsletterView, { id: "AcceptedNewsletter" });
const eventData = z.object({ campaignId: z.uuid() });

/** The documents' two names for one thing: a campaign that exists, or one that is written right here, is sent. */
export const newsletterRoutes = ({ desk, outbox }: Dependencies): Route[] =>
  ["/api/newsletter", "/api/send-newsletter"].map((path) =>
    route({
      method: "POST",
      path,
      policy: "app",
      summary: "Send a newsletter: a campaign by its id, or its content",
      body: z.union([z.strictObject({ campaignId: z.uuid() }), campaignContent]),
      responses: { 202: newsletterView },
      handler: async ({ body, requester, idempotencyKey }) => {
        const request = sendRequestOf(requester, idempotencyKey);
        const owner = ownerOf(requester);
        const job = await ("campaignId" in body
          ? desk.acceptSend(body.campaignId, owner, request)
          : desk.acceptNewsletter(body, owner, request));
        if (job.sent_at === null) await outbox.send([job]);
        const { campaignId } = eventData.parse(job.event_data);
        const subscriberCount = await desk.audience(campaignId);
        return json(202, {
          ...accepted("Campaign queued", job.id),
          campaignId,
          queued: true,
          subscriberCount,
        });
      },
    }),
  );
