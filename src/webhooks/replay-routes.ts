import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Jobs } from "#jobs/accept.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { instant, text, uuid } from "#lib/http/fields.ts";
import { json, type Route, route } from "#lib/http/route.ts";
import { inboxReplayRequested } from "#webhooks/events.ts";
import type { InboxFilter, InboxReplayRepository } from "#webhooks/replay-repository.ts";
import { sources } from "#webhooks/sources.ts";

type Dependencies = {
  replays: Pick<InboxReplayRepository, "count" | "accept">;
  jobs: Pick<Jobs, "accept">;
};

/** `status`: as the list of the inbox shows it. Webhooks that wait for their job are never chosen. */
const group = {
  source: z.enum(sources.map(({ name }) => name)),
  type: text(200).optional(),
  status: z.enum(["failed", "ignored", "applied", "unchanged", "covered"]).optional(),
};
const period = z.object({ ...group, from: instant, to: instant });
const periodOrIds = z.object({
  ...group,
  from: instant.optional(),
  to: instant.optional(),
  ids: z.array(uuid).min(1).max(100).optional(),
  perSecond: z.number().min(1).max(100).default(10),
});

export const inboxReplayRoutes = ({ replays, jobs }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/webhook-inbox/replay-preview",
    policy: "admin",
    summary: "How many webhooks of the inbox a replay would handle again",
    query: period,
    responses: { 200: z.object({ count: z.number() }) },
    handler: async ({ query }) =>
      json(200, { count: await replays.count({ ...groupOf(query), ...periodOf(query) }) }),
  }),
  route({
    method: "POST",
    path: "/api/webhook-inbox/replays",
    policy: "admin",
    summary: "Handle webhooks of the inbox again, each once, in the order in which they were stored",
    body: periodOrIds,
    responses: { 202: acceptedView },
    handler: async ({ body, requester, idempotencyKey: key }) => {
      const chosen = { ...filterOf(body), perSecond: body.perSecond };
      const id = randomUUID();
      const wanted = request(
        inboxReplayRequested,
        { replayId: id },
        { requester, key, id, comparedData: body },
      );
      const job = await jobs.accept(wanted, (asked) => replays.accept(asked, chosen));
      return json(202, accepted("Replaying", job.id), { location: jobUrl(job.id) });
    },
  }),
];

function filterOf({ from, to, ids, ...group }: z.output<typeof periodOrIds>): InboxFilter {
  if (ids !== undefined && from === undefined && to === undefined) return { ...groupOf(group), ids };
  if (ids !== undefined || from === undefined || to === undefined)
    throw new AppError("invalid_request", "Choose webhooks either by ids, or by from and to");
  return { ...groupOf(group), ...periodOf({ from, to }) };
}

function periodOf({ from, to }: { from: string; to: string }) {
  if (Date.parse(from) >= Date.parse(to)) throw new AppError("invalid_request", "to must be later than from");
  return { startsAt: from, endsAt: to };
}

type GroupChoice = Pick<z.output<typeof period>, "source" | "type" | "status">;

/** The group of webhooks to replay. Throws when no handler knows the chosen type. */
function groupOf({ source: name, type, status }: GroupChoice) {
  const handled = sources.find((source) => source.name === name)?.types ?? [];
  if (type !== undefined && !handled.includes(type)) {
    throw new AppError("invalid_request", `No handler knows webhooks of ${name} of this type`, {
      hint: `Handled are ${handled.join(", ")}.`,
    });
  }
  return { source: name, types: type === undefined ? [...handled] : [type], verdict: status };
}
