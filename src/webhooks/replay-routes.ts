import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { instant, text } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { inboxReplayRequested } from "#webhooks/events.ts";
import type { InboxFilter, InboxReplayRepository } from "#webhooks/replay-repository.ts";
import { sources } from "#webhooks/sources.ts";

type Dependencies = {
  replays: Pick<InboxReplayRepository, "count" | "accept">;
  jobs: Pick<Jobs, "accept">;
};

/** `status`: as the list of the inbox shows it. Webhooks that wait for their job are never chosen. */
const filter = {
  source: z.enum(sources.map(({ name }) => name)),
  type: text(200).optional(),
  from: instant,
  to: instant,
  status: z.enum(["failed", "ignored", "applied", "unchanged", "covered"]).optional(),
};
const filterSchema = z.object(filter);

export const inboxReplayRoutes = ({ replays, jobs }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/webhook-inbox/replay-preview",
    policy: "admin",
    summary: "How many webhooks of the inbox a replay would handle again",
    query: filterSchema,
    responses: { 200: z.object({ count: z.number() }) },
    handler: async ({ query }) => json(200, { count: await replays.count(toFilter(query)) }),
  }),
  route({
    method: "POST",
    path: "/api/webhook-inbox/replays",
    policy: "admin",
    summary: "Handle webhooks of the inbox again, each once, in the order of their arrival",
    body: z.object({ ...filter, perSecond: z.number().min(1).max(100).default(10) }),
    responses: { 202: acceptedView },
    handler: async ({ body, requester, idempotencyKey: key }) => {
      const { perSecond, ...said } = body;
      const chosen = { ...toFilter(said), perSecond };
      const id = randomUUID();
      const wanted = request(inboxReplayRequested, { replayId: id }, { requester, key, id, said: body });
      const job = await jobs.accept(wanted, (asked) => replays.accept(asked, chosen));
      return json(202, accepted("Replaying", job.id), { location: jobUrl(job.id) });
    },
  }),
];

/** Only types with a handler can be handled. */
function toFilter({ source: name, type, from, to, status }: z.output<typeof filterSchema>): InboxFilter {
  if (Date.parse(from) >= Date.parse(to)) throw new AppError("invalid_request", "to must be later than from");
  const handled = sources.find((source) => source.name === name)?.types ?? [];
  if (type !== undefined && !handled.includes(type)) {
    throw new AppError("invalid_request", `No handler knows webhooks of ${name} of this type`, {
      hint: `Handled are ${handled.join(", ")}.`,
    });
  }
  return {
    source: name,
    types: type === undefined ? [...handled] : [type],
    startsAt: from,
    endsAt: to,
    verdict: status,
  };
}
