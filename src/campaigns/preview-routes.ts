import { z } from "zod";
import { WARNING_CODES } from "#campaigns/check-content.ts";
import type { Preview } from "#campaigns/preview.ts";
import type { SendTest } from "#campaigns/send-test.ts";
import { accepted, acceptedView } from "#jobs/view.ts";
import { address } from "#lib/email-address.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  preview: (campaignId: string, owner: string | null) => Promise<Preview>;
  sendTest: SendTest;
};

/** The `hash` of a preview. */
export const previewHash = z
  .string()
  .length(64)
  .regex(/^[0-9a-f]+$/);

const count = z.number();
export const previewView = z.object({
  recipients: count,
  /** Subscribers who get no mail, by status. */
  leftOut: z.record(z.string(), count),
  /** The domains with the most recipients, at most ten. */
  domains: z.array(z.object({ domain: z.string(), recipients: count })),
  warnings: z.array(z.object({ code: z.enum(WARNING_CODES), message: z.string() })),
  /**
   * The mails of the first three recipients, as they would be sent. A mail with `missing` would fail, because its
   * recipient lacks these fields.
   */
  samples: z.array(
    z.object({
      to: z.string(),
      subject: z.string(),
      html: z.string().nullable(),
      text: z.string().nullable(),
      missing: z.array(z.string()),
    }),
  ),
  estimate: z.object({
    executions: count,
    /** How long sending takes at the configured rate; null: no rate is configured. */
    seconds: count.nullable(),
    /** The cost of a month in which this campaign is the only work; null when a price is on request. */
    cheapestUsd: count.nullable(),
  }),
  /**
   * A hash of audience and content. A request to send may contain this hash as `previewHash`. The request is refused
   * when the audience or the content has changed since the preview.
   */
  hash: z.string(),
});
z.globalRegistry.add(previewView, { id: "CampaignPreview" });

export const previewRoutes = ({ preview, sendTest }: Dependencies): Route[] => [
  route({
    method: "POST",
    path: "/api/campaigns/:id/preview",
    policy: "app",
    summary: "What sending a campaign would do: recipients, samples, warnings, time and cost",
    params: idParams,
    responses: { 200: previewView },
    handler: async ({ params, requester }) => json(200, await preview(params.id, ownerOf(requester))),
  }),
  route({
    method: "POST",
    path: "/api/campaigns/:id/test",
    policy: "app",
    summary: "Send a campaign to one address to look at it; the address is no recipient",
    params: idParams,
    body: z.object({ to: address }),
    responses: { 202: acceptedView },
    handler: async ({ params, body, requester, idempotencyKey }) =>
      json(202, accepted("Test mail queued", await sendTest(params.id, requester, body.to, idempotencyKey))),
  }),
];
