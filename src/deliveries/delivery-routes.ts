import { z } from "zod";
import type { DeliveryRepository } from "#deliveries/repository.ts";
import {
  deliveryDetailsView,
  deliveryView,
  toDeliveryDetailsView,
  toDeliveryView,
} from "#deliveries/view.ts";
import { AppError } from "#lib/errors.ts";
import type { Fact } from "#lib/fact.ts";
import { idOfRequest } from "#lib/http/id-of-request.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  deliveries: Pick<DeliveryRepository, "get" | "log" | "delivery" | "resend" | "test">;
  facts: readonly Fact[];
};

/** The log of deliveries. */
export const deliveryRoutes = ({ deliveries, facts }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/webhook-endpoints/:id/deliveries",
    policy: "user",
    summary: "The deliveries of an endpoint, newest first",
    params: idParams,
    query: z.object({ ...pageQuery, status: deliveryView.shape.status.optional() }),
    responses: { 200: z.object({ items: z.array(deliveryView), nextCursor: z.string().nullable() }) },
    handler: async ({ params, query: { status, limit, cursor: before }, requester }) => {
      const owner = ownerOf(requester);
      if (!(await deliveries.get(params.id, owner))) {
        throw new AppError("not_found", "Webhook endpoint not found");
      }
      const rows = await deliveries.log(params.id, owner, { status, limit, before });
      const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
      return json(200, { ...page, items: page.items.map(toDeliveryView) });
    },
  }),
  route({
    method: "GET",
    path: "/api/webhook-deliveries/:id",
    policy: "user",
    summary: "One delivery: the body that is sent, and each attempt with its answer and its time",
    params: idParams,
    responses: { 200: deliveryDetailsView },
    handler: async ({ params, requester }) => {
      const row = await deliveries.delivery(params.id, ownerOf(requester));
      if (!row) throw new AppError("not_found", "Webhook delivery not found");
      return json(200, toDeliveryDetailsView(row));
    },
  }),
  route({
    method: "POST",
    path: "/api/webhook-deliveries/:id/resend",
    policy: "user",
    summary:
      "Attempt a delivery now, or at the end of the endpoint's pause (pausedUntil), in any state, under the same webhook-id",
    takesKey: false,
    params: idParams,
    responses: { 202: deliveryView },
    handler: async ({ params, requester }) =>
      json(202, toDeliveryView(await deliveries.resend(params.id, ownerOf(requester)))),
  }),
  route({
    method: "POST",
    path: "/api/webhook-endpoints/:id/test",
    policy: "user",
    summary: "Send the example of an event type to this endpoint alone",
    params: idParams,
    body: z
      .strictObject({ type: z.enum(facts.map(({ type }) => type)).default("job.completed") })
      .prefault({}),
    responses: { 202: deliveryView },
    handler: async ({ params, body: { type }, requester, idempotencyKey: key }) => {
      const data = z.json().parse(facts.find((one) => one.type === type)?.example ?? {});
      const id = idOfRequest("webhook-test", requester, key);
      const row = await deliveries.test(params.id, ownerOf(requester), id, { type, data });
      return json(202, toDeliveryView(row));
    },
  }),
];
