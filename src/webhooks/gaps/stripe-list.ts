import { z } from "zod";
import type { Stripe } from "#lib/outside/stripe.ts";
import { jsonBytes, type SentList } from "#webhooks/gaps/sent-list.ts";
import { foreignName } from "#webhooks/source.ts";
import { stripe as source } from "#webhooks/sources/stripe.ts";

const PAGE = "100";
/** A page has the bodies of its events. */
const PAGE_LIMIT = { maxAnswerBytes: 32 * 1024 * 1024 };
const events = z.object({
  data: z.array(z.looseObject({ id: foreignName, type: foreignName, created: z.number().min(0).max(1e11) })),
  has_more: z.boolean(),
});

/** `GET /v1/events`: snapshot events of the last 30 days, with their bodies. */
export const stripeList = (stripe: Pick<Stripe, "get">): SentList => ({
  key: source.name,
  source,
  async page(from, cursor) {
    const query = [
      ["limit", PAGE],
      ["created[gte]", String(Math.floor(from.getTime() / 1000))],
      ...source.types.map((type) => ["types[]", type]),
      ...(cursor === undefined ? [] : [["starting_after", cursor]]),
    ];
    const page = await stripe.get("/v1/events", query, events, PAGE_LIMIT);
    const data = page?.data ?? [];
    return {
      sent: data.map((event) => ({
        externalId: event.id,
        type: event.type,
        at: new Date(event.created * 1000),
        load: async () => ({ headers: new Headers(), bytes: jsonBytes(event) }),
      })),
      next: page?.has_more === true ? data.at(-1)?.id : undefined,
    };
  },
});
