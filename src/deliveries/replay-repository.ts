import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const replayRow = z.object({
  id: z.uuid(),
  /** The replay's first job, or the newest job that reprocessed it or ran it again. */
  job_id: z.uuid(),
  endpoint_id: z.uuid(),
  starts_at: z.string(),
  ends_at: z.string(),
  scope: z.enum(["missing", "all"]),
  per_second: z.number(),
  paused_at: z.string().nullable(),
  created_at: z.string(),
});
export type Replay = z.output<typeof replayRow>;

const ranges = z.array(z.object({ first: z.number(), last: z.number(), total: z.number() }));
const queued = z.object({ state: z.enum(["open", "done", "lost", "paused"]), next: z.number() });

/** The part of the replay's job, which the run has claimed. */
type ClaimedPart = { id: number; token: string; last: number };
type Period = { startsAt: string; endsAt: string; scope: Replay["scope"] };

export type ReplayRepository = ReturnType<typeof replayRepository>;

/** Replays of an endpoint's messages. `owner: null` is an administrator. */
export function replayRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    count: (endpointId: string, owner: string | null, period: Period) =>
      callTimeless("count_webhook_replay", { endpointId, owner, ...period }, z.number()),

    accept: (
      request: JobRequest,
      replay: Period & { endpointId: string; perSecond: number },
      viewer: string | null,
    ) => call("accept_webhook_replay", { replay, viewer, request }, jobRow),

    find: (id: string, owner: string | null) =>
      callTimeless("get_webhook_replay", { id, owner }, replayRow.nullable()),

    pause: (id: string, owner: string | null) =>
      call("pause_webhook_replay", { id, owner }, replayRow.nullable()),

    resume: (id: string, owner: string | null) =>
      call("resume_webhook_replay", { id, owner }, replayRow.nullable()),

    cut: (id: string) => callTimeless("cut_webhook_replay", { id }, ranges),

    /** Queues the messages of the next second, from position `from` on. */
    queue: ({ id: partId, token, last }: ClaimedPart, replayId: string, from: number) =>
      call("queue_webhook_replay", { partId, token, replayId, from, last }, queued),
  };
}
