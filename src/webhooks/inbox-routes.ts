import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { filledText } from "#lib/http/fields.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, type Route, route } from "#lib/http/route.ts";
import {
  type InboxDetails,
  type InboxRepository,
  type InboxRow,
  type WebhookStatus,
  webhookStatus,
} from "#webhooks/inbox-repository.ts";
import { sources } from "#webhooks/sources.ts";

type Dependencies = { inbox: InboxRepository };

export const inboxWebhookView = z.object({
  id: z.uuid(),
  source: z.string(),
  type: z.string(),
  /** The provider's id of the event. */
  externalId: z.string(),
  status: webhookStatus,
  receivedAt: z.string(),
  handledAt: z.string().nullable(),
  links: z.object({
    self: z.string(),
    /** The newest job that handles the webhook; null when there is none. */
    job: z.string().nullable(),
  }),
});

export const inboxDetailsView = inboxWebhookView.extend({
  /** What the webhook is about, such as `stripe:pi_1`. */
  object: z.string(),
  /** When the event happened, by the provider's clock. */
  occurredAt: z.string().nullable(),
  /** The headers that were stored. */
  headers: z.record(z.string(), z.string()),
  /** The first 65,536 characters of the body; of an unreadable webhook, in Postgres's format `escape`. */
  body: z.string(),
  /** The size of the whole body as it is stored. */
  bodyBytes: z.number(),
  /** Whether a handler knows the webhook's type, so that a replay can handle the webhook again. */
  isHandled: z.boolean(),
});

export const webhookTypeView = z.object({ source: z.string(), type: z.string(), isHandled: z.boolean() });

/** Routes for administrators who read the inbox. Bodies contain personal data. */
export const inboxRoutes = ({ inbox }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/webhook-inbox",
    policy: "admin",
    summary: "The webhooks that were received, newest first",
    query: z.object({
      ...pageQuery,
      source: filledText(100).optional(),
      type: filledText(200).optional(),
      status: webhookStatus.optional(),
    }),
    responses: { 200: z.object({ items: z.array(inboxWebhookView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { source, type, status, limit, cursor } }) => {
      const rows = await inbox.list({ source, type, status }, limit, cursor);
      const page = toPage(rows, limit, (row) => ({ at: row.received_at, id: row.id }));
      return json(200, { ...page, items: page.items.map(toView) });
    },
  }),
  route({
    method: "GET",
    path: "/api/webhook-inbox/types",
    policy: "admin",
    summary: "Each source and type that the inbox has",
    responses: { 200: z.object({ items: z.array(webhookTypeView) }) },
    handler: async () => {
      const found = await inbox.types();
      return json(200, { items: found.map((one) => ({ ...one, isHandled: isHandled(one) })) });
    },
  }),
  route({
    method: "GET",
    path: "/api/webhook-inbox/:id",
    policy: "admin",
    summary: "One webhook that was received, with its headers and the beginning of its body",
    params: idParams,
    responses: { 200: inboxDetailsView },
    handler: async ({ params }) => {
      const row = await inbox.get(params.id);
      if (!row) throw new AppError("not_found", "This webhook is not in the inbox");
      return json(200, toDetailsView(row));
    },
  }),
];

const isHandled = ({ source, type }: { source: string; type: string }): boolean =>
  sources.some(({ name, types }) => name === source && types.includes(type));

const statusOf = ({ verdict }: InboxRow): WebhookStatus => (verdict === "received" ? "waiting" : verdict);

const toView = (row: InboxRow): z.output<typeof inboxWebhookView> => ({
  id: row.id,
  source: row.source,
  type: row.type,
  externalId: row.external_id,
  status: statusOf(row),
  receivedAt: row.received_at,
  handledAt: row.handled_at,
  links: { self: `/api/webhook-inbox/${row.id}`, job: row.job_status === null ? null : jobUrl(row.job_id) },
});

const toDetailsView = (row: InboxDetails): z.output<typeof inboxDetailsView> => ({
  ...toView(row),
  object: row.object_key,
  occurredAt: row.occurred_at,
  headers: row.headers,
  body: row.body,
  bodyBytes: row.body_bytes,
  isHandled: isHandled(row),
});
