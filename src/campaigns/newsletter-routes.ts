import { z } from "zod";
import { campaignContent } from "#campaigns/content.ts";
import { type NewsletterDependencies, sendNewsletter } from "#campaigns/send-newsletter.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { uuid } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";

type Dependencies = NewsletterDependencies & {
  /** Throws when the configuration lacks what the law demands of a broadcast. */
  refuseWithoutImprint: () => void;
};

const newsletterView = acceptedView.extend({
  status: z.literal("queued"),
  campaignId: z.uuid(),
  queued: z.literal(true),
  subscriberCount: z.number(),
});
z.globalRegistry.add(newsletterView, { id: "AcceptedNewsletter" });
/** The answer when the request itself has sent the newsletter. A flag chooses whether the request or the queue sends. */
const sentView = newsletterView.extend({ status: z.literal("sent"), queued: z.literal(false) });
z.globalRegistry.add(sentView, { id: "SentNewsletter" });

/** The time limit of these routes. It allows for a request that itself sends the newsletter to a small audience. */
const TIMEOUT_MS = 25_000;

/**
 * The source documents name two requests for one action: sending a campaign that exists, and sending a campaign that
 * the request contains.
 */
export const newsletterRoutes = ({ refuseWithoutImprint, ...deps }: Dependencies): Route[] =>
  ["/api/newsletter", "/api/send-newsletter"].map((path) =>
    route({
      method: "POST",
      path,
      policy: "app",
      summary: "Send a newsletter: a campaign by its id, or its content",
      body: z.union([z.strictObject({ campaignId: uuid }), campaignContent]),
      timeoutMs: TIMEOUT_MS,
      responses: { 200: sentView, 202: newsletterView },
      handler: async ({ body, requester, idempotencyKey }) => {
        refuseWithoutImprint();
        const { jobId, isSent, ...rest } = await sendNewsletter(deps, body, requester, idempotencyKey);
        return isSent
          ? json(200, { ...accepted("Campaign sent", jobId), ...rest, status: "sent", queued: false })
          : json(202, { ...accepted("Campaign queued", jobId), ...rest, status: "queued", queued: true });
      },
    }),
  );
