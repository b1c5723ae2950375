import { randomUUID } from "node:crypto";
import { z } from "zod";
import { eventTypeView, toCatalog } from "#deliveries/catalog.ts";
import type { DeliveryRepository } from "#deliveries/repository.ts";
import { SCHEDULE_NAMES } from "#deliveries/schedule.ts";
import { newSecret, type SecretBox } from "#deliveries/secrets.ts";
import { endpointView, endpointWithSecret, toEndpointView } from "#deliveries/view.ts";
import type { Clock } from "#lib/clock.ts";
import { AppError } from "#lib/errors.ts";
import type { Fact } from "#lib/fact.ts";
import { text } from "#lib/http/fields.ts";
import { pageQuery, toPage } from "#lib/http/pages.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  deliveries: DeliveryRepository;
  secrets: Pick<SecretBox, "seal">;
  facts: readonly Fact[];
  /** Why an address would be refused, or null. */
  urlRefusal: (url: string) => string | null;
  clock: Clock;
};

const MOST_ENDPOINTS = 20;
const HOUR_MS = 60 * 60_000;

/** The fields of an endpoint. Its event types must be types of `facts`. */
const endpointFields = ({ facts, urlRefusal }: Pick<Dependencies, "facts" | "urlRefusal">) => ({
  url: z
    .url({
      protocol: /^https$/,
      error: ({ input }) => (input === undefined ? "is missing" : "must be an https:// URL"),
      abort: true,
    })
    .max(2000)
    .refine((url) => urlRefusal(url) === null, { error: ({ input }) => urlRefusal(String(input)) ?? "" }),
  eventTypes: z
    .array(z.enum(["*", ...facts.map(({ type }) => type)]))
    .min(1)
    .max(100),
  description: text(500),
  perSecond: z.number().min(0.1).max(1000),
  policy: z.enum(SCHEDULE_NAMES),
});

export const endpointRoutes = ({ deliveries, secrets, clock, ...rest }: Dependencies): Route[] => {
  const { facts } = rest;
  const fields = endpointFields(rest);
  return [
    route({
      method: "GET",
      path: "/api/webhook-endpoints/events",
      policy: "user",
      summary:
        "The catalog of event types: the facts that webhooks send, with the schema and an example of each body",
      responses: { 200: z.object({ items: z.array(eventTypeView) }) },
      handler: async () => json(200, { items: toCatalog(facts) }),
    }),
    route({
      method: "POST",
      path: "/api/webhook-endpoints",
      policy: "user",
      summary: "Send webhooks to an address. The answer shows the signing secret, which is never shown again",
      body: z.object({
        ...fields,
        eventTypes: fields.eventTypes.default(["*"]),
        description: fields.description.default(""),
        perSecond: fields.perSecond.default(50),
        policy: fields.policy.default("standard"),
      }),
      responses: { 201: endpointWithSecret },
      handler: async ({ body, requester }) => {
        const id = randomUUID();
        const secret = newSecret();
        const row = await deliveries.create(
          { ...body, id, owner: requester.owner, secret: secrets.seal(id, secret) },
          MOST_ENDPOINTS,
        );
        return json(
          201,
          { ...toEndpointView(row, clock.now()), secret },
          { location: `/api/webhook-endpoints/${id}` },
        );
      },
    }),
    route({
      method: "GET",
      path: "/api/webhook-endpoints",
      policy: "user",
      summary: "Webhook endpoints, newest first",
      query: z.object(pageQuery),
      responses: { 200: z.object({ items: z.array(endpointView), nextCursor: z.string().nullable() }) },
      handler: async ({ query: { limit, cursor }, requester }) => {
        const rows = await deliveries.list(ownerOf(requester), limit, cursor);
        const page = toPage(rows, limit, (row) => ({ at: row.created_at, id: row.id }));
        return json(200, { ...page, items: page.items.map((row) => toEndpointView(row, clock.now())) });
      },
    }),
    route({
      method: "GET",
      path: "/api/webhook-endpoints/:id",
      policy: "user",
      summary: "One webhook endpoint, with its health",
      params: idParams,
      responses: { 200: endpointView },
      handler: async ({ params, requester }) => {
        const row = await deliveries.get(params.id, ownerOf(requester));
        if (!row) throw new AppError("not_found", "Webhook endpoint not found");
        return json(200, toEndpointView(row, clock.now()));
      },
    }),
    route({
      method: "PATCH",
      path: "/api/webhook-endpoints/:id",
      policy: "user",
      summary: "Change an endpoint; fields that are left out stay",
      params: idParams,
      body: z.object(fields).partial(),
      responses: { 200: endpointView },
      handler: async ({ params, body, requester }) =>
        json(200, toEndpointView(await deliveries.change(params.id, ownerOf(requester), body), clock.now())),
    }),
    route({
      method: "DELETE",
      path: "/api/webhook-endpoints/:id",
      policy: "user",
      summary: "Delete an endpoint with its deliveries",
      params: idParams,
      responses: { 204: z.undefined() },
      handler: async ({ params, requester }) => {
        await deliveries.delete(params.id, ownerOf(requester));
        return json(204, undefined);
      },
    }),
    route({
      method: "POST",
      path: "/api/webhook-endpoints/:id/enable",
      policy: "user",
      summary: "Send to an endpoint again, and forget its failures",
      params: idParams,
      responses: { 200: endpointView },
      handler: async ({ params, requester }) =>
        json(200, toEndpointView(await deliveries.enable(params.id, ownerOf(requester)), clock.now())),
    }),
    route({
      method: "POST",
      path: "/api/webhook-endpoints/:id/disable",
      policy: "user",
      summary: "Send nothing more to an endpoint; deliveries that wait fail at the next housekeeping",
      params: idParams,
      responses: { 200: endpointView },
      handler: async ({ params, requester }) =>
        json(200, toEndpointView(await deliveries.disable(params.id, ownerOf(requester)), clock.now())),
    }),
    route({
      method: "POST",
      path: "/api/webhook-endpoints/:id/rotate-secret",
      policy: "user",
      summary:
        "Replace the signing secret. For a while both sign, so that receivers can change over; another rotation is refused (409) until then, except with overlapHours 0",
      params: idParams,
      body: z.strictObject({ overlapHours: z.number().min(0).max(168).default(24) }).prefault({}),
      responses: { 200: endpointWithSecret },
      handler: async ({ params: { id }, body, requester }) => {
        const secret = newSecret();
        const until = new Date(clock.now().getTime() + body.overlapHours * HOUR_MS);
        const row = await deliveries.rotate(id, ownerOf(requester), secrets.seal(id, secret), until);
        return json(200, { ...toEndpointView(row, clock.now()), secret });
      },
    }),
  ];
};
