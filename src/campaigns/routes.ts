import { z } from "zod";
import {
  type CampaignApiRepository,
  campaignView,
  SEND_STATUSES,
  type SendRow,
} from "#campaigns/api-repository.ts";
import { campaignChanges, campaignContent } from "#campaigns/content.ts";
import { rowNumber, text, uuid } from "#lib/http/fields.ts";
import { idOfRequest } from "#lib/http/id-of-request.ts";
import { numberedPageQuery, pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

export const sendView = z.object({
  id: z.number(),
  email: z.string(),
  status: z.enum(SEND_STATUSES),
  batch: z.number(),
  attempts: z.number(),
  provider: z.string().nullable(),
  providerMessageId: z.string().nullable(),
  errorCode: z.string().nullable(),
  /**
   * What the mail provider has reported since sending: delivered, soft_bounced, refused, suppressed, bounced,
   * complained.
   */
  reported: z.string().nullable(),
  note: z.string().nullable(),
});
z.globalRegistry.add(sendView, { id: "Send" });
const summaryView = campaignView.pick({ id: true, name: true, status: true, createdAt: true });

export const campaignRoutes = ({ campaigns }: { campaigns: CampaignApiRepository }): Route[] => [
  route({
    method: "POST",
    path: "/api/campaigns",
    policy: "app",
    summary: "Write a campaign for a list",
    body: campaignContent,
    responses: { 201: campaignView },
    takesKey: true,
    handler: async ({ body, requester, idempotencyKey }) => {
      const id = idOfRequest("campaign", requester, idempotencyKey);
      await campaigns.create(id, ownerOf(requester), body);
      return json(201, await campaigns.get(id, ownerOf(requester)));
    },
  }),
  route({
    method: "GET",
    path: "/api/campaigns",
    policy: "app",
    summary: "Campaigns, newest first",
    query: z.object(pageQuery),
    responses: { 200: z.object({ items: z.array(summaryView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor }, requester }) => {
      const rows = await campaigns.list(ownerOf(requester), limit, cursor);
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
      const items = page.items.map(({ id, name, status, created_at: createdAt }) => ({
        id,
        name,
        status,
        createdAt,
      }));
      return json(200, { ...page, items });
    },
  }),
  route({
    method: "GET",
    path: "/api/campaigns/:id",
    policy: "app",
    summary: "One campaign with its counts and its rate",
    params: idParams,
    responses: { 200: campaignView },
    handler: async ({ params, requester }) => json(200, await campaigns.get(params.id, ownerOf(requester))),
  }),
  route({
    method: "PATCH",
    path: "/api/campaigns/:id",
    policy: "app",
    summary: "Write a draft again; once queued a campaign is frozen (409)",
    params: idParams,
    body: campaignChanges,
    responses: { 200: campaignView },
    handler: async ({ params, body, requester }) => {
      await campaigns.update(params.id, ownerOf(requester), body);
      return json(200, await campaigns.get(params.id, ownerOf(requester)));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/campaigns/:id",
    policy: "app",
    summary: "Delete a draft; what was sent, or is being sent, stays (409)",
    params: idParams,
    responses: { 204: z.undefined() },
    handler: async ({ params, requester }) => {
      await campaigns.remove(params.id, ownerOf(requester));
      return json(204, undefined);
    },
  }),
  route({
    method: "GET",
    path: "/api/campaigns/:id/sends",
    policy: "app",
    summary: "The outcome for each recipient, in the order of subscriber ids",
    params: idParams,
    query: z.object({ ...numberedPageQuery, status: z.enum(SEND_STATUSES).optional() }),
    responses: { 200: z.object({ items: z.array(sendView), nextCursor: z.string().nullable() }) },
    handler: async ({ params, query: { limit, cursor, status }, requester }) => {
      const rows = await campaigns.sends(params.id, ownerOf(requester), status, cursor?.id ?? 0, limit);
      const page = toPage(rows, limit, ({ id }) => ({ id }));
      return json(200, { ...page, items: page.items.map(toSendView) });
    },
  }),
  route({
    method: "POST",
    path: "/api/campaigns/:id/sends/:subscriberId/resolve",
    policy: "app",
    summary: "Settle an unknown send by hand, after a look at the provider",
    params: z.object({ id: uuid, subscriberId: rowNumber }),
    body: z.object({ status: z.enum(["sent", "failed"]), note: text(1000).default("") }),
    responses: { 200: campaignView },
    handler: async ({ params, body, requester }) => {
      const note = [`${body.status} according to ${requester.id}`, body.note].filter(Boolean).join(": ");
      await campaigns.resolveSend(params.id, ownerOf(requester), params.subscriberId, body.status, note);
      return json(200, await campaigns.get(params.id, ownerOf(requester)));
    },
  }),
];

const toSendView = (row: SendRow): z.output<typeof sendView> => ({
  id: row.id,
  email: row.email,
  status: row.status,
  batch: row.batch_no,
  attempts: row.attempts,
  provider: row.provider,
  providerMessageId: row.provider_message_id,
  errorCode: row.error_code,
  reported: row.reported,
  note: row.note,
});
