import { z } from "zod";
import { rowNumber, trimmedText, uuid } from "#lib/http/fields.ts";
import { numberedPageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";
import { type ListRepository, type SubscriberRow, subscriberStatus } from "#lists/repository.ts";
import { MOST_ENTRIES, uploadSubscribers } from "#lists/upload-subscribers.ts";

/** The largest body that Netlify accepts for a function. */
const MAX_UPLOAD_BYTES = 6 * 1024 * 1024;

export const subscriberView = z.object({
  id: z.number(),
  email: z.string(),
  fields: z.record(z.string(), z.unknown()),
  status: subscriberStatus,
  createdAt: z.string(),
  updatedAt: z.string(),
});
z.globalRegistry.add(subscriberView, { id: "Subscriber" });
const uploadView = z.object({
  received: z.number(),
  created: z.number(),
  updated: z.number(),
  duplicates: z.number(),
  rejectedCount: z.number(),
  /** The first 100 rejected rows. */
  rejected: z.array(
    z.object({
      line: z.number(),
      offset: z.number().nullable(),
      column: z.string().nullable(),
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      raw: z.string(),
    }),
  ),
});
z.globalRegistry.add(uploadView, { id: "SubscriberUpload" });
/**
 * An entry as the documentation describes it. Entries are checked one by one when they are stored, because a wrong entry
 * is rejected without the others.
 */
const entry = z.unknown().meta({
  type: "object",
  description:
    'A subscriber: its address, and up to 50 fields for merge fields, next to "email" or in an object "fields"',
  properties: { email: { type: "string", format: "email" } },
  required: ["email"],
  additionalProperties: true,
});
const entries = z.array(entry).max(MOST_ENTRIES);
/** The text of a CSV: a field of JSON, or the bytes of the body. */
const csv = z
  .custom<string | Uint8Array>(
    (value) => value instanceof Uint8Array || (typeof value === "string" && value.length <= MAX_UPLOAD_BYTES),
    "must be the text of a CSV",
  )
  .meta({ type: "string", maxLength: MAX_UPLOAD_BYTES });
const uploadBody = z.union([entries, z.strictObject({ subscribers: entries }), z.strictObject({ csv })]);

const subscriberParams = z.object({ id: uuid, subscriberId: rowNumber });

export const subscriberRoutes = ({ lists }: { lists: ListRepository }): Route[] => [
  route({
    method: "POST",
    path: "/api/lists/:id/subscribers",
    policy: "app",
    summary:
      "Add or renew subscribers: a JSON array, or a CSV with a column email. A subscriber who left stays unsubscribed.",
    params: idParams,
    query: z.object({ replace: z.enum(["true", "false"]).default("false") }),
    body: uploadBody,
    bodyKinds: ["json", "csv"],
    maxBodyBytes: MAX_UPLOAD_BYTES,
    // A request may need a hundred statements of a thousand rows each.
    timeoutMs: 30_000,
    responses: { 200: uploadView },
    handler: async ({ params, query, body, requester }) => {
      const owner = ownerOf(requester);
      await lists.get(params.id, owner);
      return json(200, await uploadSubscribers(lists, params.id, owner, body, query.replace === "true"));
    },
  }),
  route({
    method: "GET",
    path: "/api/lists/:id/subscribers",
    policy: "app",
    summary: "The subscribers of a list in the order of their ids",
    params: idParams,
    query: z.object({
      ...numberedPageQuery,
      status: subscriberStatus.optional(),
      /** A part of the address. */
      search: trimmedText(320).optional(),
    }),
    responses: { 200: z.object({ items: z.array(subscriberView), nextCursor: z.string().nullable() }) },
    handler: async ({ params, query: { limit, cursor, ...filter }, requester }) => {
      const rows = await lists.subscribers(params.id, ownerOf(requester), filter, cursor?.id ?? 0, limit);
      const page = toPage(rows, limit, ({ id }) => ({ id }));
      return json(200, { ...page, items: page.items.map(toSubscriberView) });
    },
  }),
  route({
    method: "PATCH",
    path: "/api/lists/:id/subscribers/:subscriberId",
    policy: "app",
    summary: "Change a subscriber's status: the only way back for a subscriber who left",
    params: subscriberParams,
    body: z.object({ status: subscriberStatus }),
    responses: { 200: subscriberView },
    handler: async ({ params, body, requester }) => {
      const { id, subscriberId } = params;
      const row = await lists.setStatus(id, ownerOf(requester), subscriberId, body.status, requester.id);
      return json(200, toSubscriberView(row));
    },
  }),
  route({
    method: "DELETE",
    path: "/api/lists/:id/subscribers/:subscriberId",
    policy: "app",
    summary: "Delete a subscriber: address and fields are gone, and mails that wait for them are skipped",
    params: subscriberParams,
    responses: { 204: z.undefined() },
    handler: async ({ params, requester }) => {
      await lists.eraseSubscriber(params.id, ownerOf(requester), params.subscriberId, requester.id);
      return json(204, undefined);
    },
  }),
];

const toSubscriberView = ({
  created_at: createdAt,
  updated_at: updatedAt,
  id,
  email,
  fields,
  status,
}: SubscriberRow) => ({
  id,
  email,
  fields,
  status,
  createdAt,
  updatedAt,
});
