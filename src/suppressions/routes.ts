import { z } from "zod";
import { address } from "#lib/email-address.ts";
import { filledText, rowNumber, text, uuid } from "#lib/http/fields.ts";
import { numberedPageQuery, toPage } from "#lib/http/pages.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import type { SuppressionRepository, SuppressionRow } from "#suppressions/repository.ts";

type Dependencies = { suppressions: SuppressionRepository };

const suppressionView = z.object({
  id: z.number(),
  /** Null when the person was erased, because then only a hash of the address is kept. */
  address: z.string().nullable(),
  scope: z.enum(["all", "list", "stream"]),
  listId: z.uuid().nullable(),
  stream: z.enum(["broadcast", "transactional"]).nullable(),
  reason: z.enum(["unsubscribed", "bounced", "complained", "by_hand", "by_provider", "deleted"]),
  /** What suppressed the address: "link", "resend", or the id of the requester. */
  source: z.string(),
  note: z.string().nullable(),
  /** False when the suppression was taken back. */
  isActive: z.boolean(),
  suppressedAt: z.string().nullable(),
  liftedAt: z.string().nullable(),
  liftedBy: z.string().nullable(),
  liftedBecause: z.string().nullable(),
});
z.globalRegistry.add(suppressionView, { id: "Suppression" });

const newSuppression = z
  .strictObject({
    address,
    scope: z.enum(["all", "list", "stream"]),
    listId: uuid.optional(),
    stream: z.enum(["broadcast", "transactional"]).optional(),
    note: text(1000).optional(),
  })
  .refine(({ scope, listId }) => (scope === "list") === (listId !== undefined), {
    error: "is needed with the scope list, and only there",
    path: ["listId"],
  })
  .refine(({ scope, stream }) => (scope === "stream") === (stream !== undefined), {
    error: "is needed with the scope stream, and only there",
    path: ["stream"],
  });

export const suppressionRoutes = ({ suppressions }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/suppressions",
    policy: "admin",
    summary: "Addresses that get no mail, newest first, also those that were taken back",
    query: z.object({ ...numberedPageQuery, address: address.optional() }),
    responses: { 200: z.object({ items: z.array(suppressionView), nextCursor: z.string().nullable() }) },
    handler: async ({ query: { limit, cursor, address } }) => {
      const page = toPage(await suppressions.list(address, limit, cursor?.id), limit, ({ id }) => ({ id }));
      return json(200, { ...page, items: page.items.map(toView) });
    },
  }),
  route({
    method: "POST",
    path: "/api/suppressions",
    policy: "admin",
    summary: "Suppress an address by hand: for all mail, for one list, or for one stream of mail",
    body: newSuppression,
    responses: { 201: suppressionView },
    handler: async ({ body, requester }) =>
      json(201, toView(await suppressions.add({ ...body, source: requester.id }))),
  }),
  route({
    method: "POST",
    path: "/api/suppressions/:id/lift",
    policy: "admin",
    summary: "Take a suppression back; the row stays, and says who did it and why",
    params: z.object({ id: rowNumber }),
    body: z.object({
      because: filledText(1000),
      /** Needed only when the suppression does not have the address. */
      address: address.optional(),
    }),
    responses: { 200: suppressionView },
    handler: async ({ params, body: { because, address }, requester }) =>
      json(200, toView(await suppressions.lift(params.id, { address, by: requester.id, because }))),
  }),
];

const toView = (row: SuppressionRow): z.output<typeof suppressionView> => ({
  id: row.id,
  address: row.address,
  scope: row.scope,
  listId: row.list_id,
  stream: row.stream,
  reason: row.reason,
  source: row.source,
  note: row.note,
  isActive: row.is_active,
  suppressedAt: row.suppressed_at,
  liftedAt: row.lifted_at,
  liftedBy: row.lifted_by,
  liftedBecause: row.lifted_because,
});
