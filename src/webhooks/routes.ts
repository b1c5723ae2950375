import { z } from "zod";
import { json, type Route, route } from "#lib/http/route.ts";
import type { createReceive } from "#webhooks/receive.ts";
import { MAX_BYTES } from "#webhooks/source.ts";
import { stripe } from "#webhooks/sources/stripe.ts";
import { sources } from "#webhooks/sources.ts";

type Dependencies = { receive: ReturnType<typeof createReceive> };

const signed = {
  method: "POST",
  policy: "signature",
  bodyKinds: ["signed"],
  maxBodyBytes: MAX_BYTES,
  body: z.object({ bytes: z.instanceof(Uint8Array) }),
} as const;

const byName = new Map(sources.map((source) => [source.name, source]));

export const webhookRoutes = ({ receive }: Dependencies): Route[] => [
  route({
    ...signed,
    path: "/api/webhooks/:source",
    summary: "Receive a webhook that its provider signed; 200 once it is stored",
    params: z.object({ source: z.enum([...byName.keys()]) }),
    responses: { 200: z.object({ received: z.literal(true) }) },
    handler: async ({ params, body, request }) => {
      const after = await receive(byName.get(params.source) ?? stripe, request.headers, body.bytes);
      return { ...json(200, { received: true }), after };
    },
  }),
  route({
    ...signed,
    path: "/webhooks/payment",
    summary: "Receive Stripe's webhooks at the address of the source documents",
    responses: { 200: z.object({ status: z.literal("received") }) },
    handler: async ({ body, request }) => {
      const after = await receive(stripe, request.headers, body.bytes);
      return { ...json(200, { status: "received" }), after };
    },
  }),
];
