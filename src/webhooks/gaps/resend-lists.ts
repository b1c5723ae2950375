import { z } from "zod";
import type { JsonApi } from "#lib/outside/json-api.ts";
import {
  type Asked,
  isOurDoor,
  jsonBytes,
  type SentList,
  unlessForbidden,
} from "#webhooks/gaps/sent-list.ts";
import { foreignName } from "#webhooks/source.ts";
import { resend as source } from "#webhooks/sources/resend.ts";

const webhooks = z.object({ data: z.array(z.looseObject({ id: foreignName, endpoint: z.string() })) });
const events = z.object({
  has_more: z.boolean(),
  data: z.array(
    z.looseObject({
      /** The event's id, which is also the `svix-id` header of its webhook. */
      id: foreignName,
      type: foreignName,
      created_at: z.string().max(40).transform(toDate).refine(isValid),
    }),
  ),
});
const event = z.looseObject({ payload: z.unknown() });

/** The events of each of Resend's webhooks that has our address. */
export async function resendLists(api: JsonApi, site: string | undefined): Promise<Asked> {
  const found = await unlessForbidden(api.get("/webhooks?limit=100", webhooks));
  if (found === undefined) {
    return { lists: [], unchecked: ["RESEND_API_KEY may not read webhooks: it needs full access"] };
  }
  const ours = found.data.data.filter(({ endpoint }) => isOurDoor(endpoint, source, site));
  return { lists: ours.map(({ id }) => webhookList(api, id)), unchecked: [] };
}

const webhookList = (api: JsonApi, webhook: string): SentList => ({
  key: `${source.name}:${webhook}`,
  source,
  async page(_, cursor) {
    const path = `/webhooks/${encodeURIComponent(webhook)}/events`;
    const query = new URLSearchParams({ limit: "100", ...(cursor !== undefined && { after: cursor }) });
    const { data, has_more: hasMore } = (await api.get(`${path}?${query}`, events)).data;
    return {
      sent: data.map((one) => ({
        externalId: one.id,
        type: one.type,
        at: one.created_at,
        async load() {
          const { payload } = (await api.get(`${path}/${encodeURIComponent(one.id)}`, event)).data;
          return { headers: new Headers({ "svix-id": one.id }), bytes: jsonBytes(payload) };
        },
      })),
      next: hasMore ? data.at(-1)?.id : undefined,
    };
  },
});

function isValid(date: Date): boolean {
  return !Number.isNaN(date.getTime());
}

/** Resend writes ISO 8601, and in some fields `2026-10-01 12:00:00.000000+00`. */
function toDate(text: string): Date {
  const iso = text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
  return new Date(Date.parse(iso));
}
