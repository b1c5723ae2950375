import { randomUUID } from "node:crypto";
import { z } from "zod";
import { replayRequested } from "#deliveries/events.ts";
import type { Replay, ReplayRepository } from "#deliveries/replay-repository.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { JobRepository } from "#jobs/repository.ts";
import { request } from "#jobs/request.ts";
import { accepted, acceptedView, jobUrl, jobView, toProgress } from "#jobs/view.ts";
import { AppError } from "#lib/errors.ts";
import { instant } from "#lib/http/fields.ts";
import { idParams, json, ownerOf, type Route, route } from "#lib/http/route.ts";

type Dependencies = {
  replays: Pick<ReplayRepository, "count" | "accept" | "find" | "pause" | "resume">;
  jobs: Pick<Jobs, "accept">;
  ledger: Pick<JobRepository, "get">;
};

const replayView = z.object({
  id: z.uuid(),
  endpointId: z.uuid(),
  from: z.string(),
  to: z.string(),
  scope: z.enum(["missing", "all"]),
  perSecond: z.number(),
  isPaused: z.boolean(),
  createdAt: z.string(),
  /** The address of the job that has the replay's status and progress (`job_id`). The job can be canceled. */
  jobUrl: z.string(),
});
z.globalRegistry.add(replayView, { id: "WebhookReplay" });

/** A replay with the status of that job, and how many of its messages are queued; null before they are counted. */
export const replayDetailsView = replayView.extend({
  status: jobView.shape.status,
  progress: jobView.shape.progress,
});

/**
 * `missing` sends messages whose delivery failed, or that have none; `all` also sends what the endpoint has received.
 * `missing` leaves out pending deliveries, because they are attempted again anyway.
 */
const period = {
  from: instant,
  to: instant,
  scope: z.enum(["missing", "all"]).default("missing"),
};
const isForward = ({ from, to }: { from: string; to: string }) => Date.parse(from) < Date.parse(to);

export const replayRoutes = ({ replays, jobs, ledger }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/webhook-endpoints/:id/replay-preview",
    policy: "user",
    summary:
      "How many messages a replay would send to this endpoint; scope missing does not count pending deliveries, which are attempted again anyway",
    params: idParams,
    query: z.object(period),
    responses: { 200: z.object({ count: z.number() }) },
    handler: async ({ params, query, requester }) => {
      requireForward(query);
      const count = await replays.count(params.id, ownerOf(requester), toPeriod(query));
      return json(200, { count });
    },
  }),
  route({
    method: "POST",
    path: "/api/webhook-endpoints/:id/replays",
    policy: "user",
    summary: "Send the messages of a period to this endpoint again, each once, under their own webhook-ids",
    params: idParams,
    body: z.object({ ...period, perSecond: z.number().min(1).max(1000).default(50) }),
    responses: { 202: acceptedView.extend({ replayUrl: z.string() }) },
    handler: async ({ params, body, requester, idempotencyKey: key }) => {
      requireForward(body);
      const id = randomUUID();
      const comparedData = { ...body, endpointId: params.id };
      const wanted = request(replayRequested, { replayId: id }, { requester, key, id, comparedData });
      const job = await jobs.accept(wanted, (asked) =>
        replays.accept(
          asked,
          { ...toPeriod(body), endpointId: params.id, perSecond: body.perSecond },
          ownerOf(requester),
        ),
      );
      const replayUrl = `/api/webhook-replays/${job.id}`;
      return json(202, { ...accepted("Replaying", job.id), replayUrl }, { location: replayUrl });
    },
  }),
  route({
    method: "GET",
    path: "/api/webhook-replays/:id",
    policy: "user",
    summary: "One replay, with its status and progress",
    params: idParams,
    responses: { 200: replayDetailsView },
    handler: async ({ params, requester }) => {
      const replay = found(await replays.find(params.id, ownerOf(requester)));
      // Who sees the replay sees its job, also when an administrator has started it.
      const { job } = found(await ledger.get(replay.job_id, null));
      return json(200, { ...toView(replay), status: job.status, progress: toProgress(job) });
    },
  }),
  route({
    method: "POST",
    path: "/api/webhook-replays/:id/pause",
    policy: "user",
    summary: "Queue nothing more until it is resumed; what is queued is sent",
    params: idParams,
    responses: { 200: replayView },
    handler: async ({ params, requester }) =>
      json(200, toView(found(await replays.pause(params.id, ownerOf(requester))))),
  }),
  route({
    method: "POST",
    path: "/api/webhook-replays/:id/resume",
    policy: "user",
    summary: "Go on where it was paused",
    params: idParams,
    responses: { 200: replayView },
    handler: async ({ params, requester }) =>
      json(200, toView(found(await replays.resume(params.id, ownerOf(requester))))),
  }),
];

function requireForward(range: { from: string; to: string }): void {
  if (!isForward(range)) throw new AppError("invalid_request", "to must be later than from");
}

const toPeriod = ({ from, to, scope }: { from: string; to: string; scope: Replay["scope"] }) => ({
  startsAt: from,
  endsAt: to,
  scope,
});

function found<Value>(value: Value | null): Value {
  if (value === null) throw new AppError("not_found", "Replay not found");
  return value;
}

function toView(row: Replay): z.output<typeof replayView> {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    from: row.starts_at,
    to: row.ends_at,
    scope: row.scope,
    perSecond: row.per_second,
    isPaused: row.paused_at !== null,
    createdAt: row.created_at,
    jobUrl: jobUrl(row.job_id),
  };
}
