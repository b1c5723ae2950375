import { z } from "zod";
import type { JobRequest } from "#jobs/request.ts";
import { jobRow } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const ranges = z.array(z.object({ first: z.number(), last: z.number(), total: z.number() }));
const queued = z.object({ state: z.enum(["open", "done", "lost"]), next: z.number() });

/** The part of the replay's job, which the run has claimed. */
type ClaimedPart = { id: number; token: string; last: number };

/** Selects webhooks of the inbox. When `verdict` is undefined, webhooks with any verdict are selected. */
type Group = { source: string; types: string[]; verdict: string | undefined };
type Period = { startsAt: string; endsAt: string };
export type PeriodFilter = Group & Period;
/** Chooses by the time of arrival or by ids. */
export type InboxFilter = Group & (Period | { ids: string[] });

export type InboxReplayRepository = ReturnType<typeof inboxReplayRepository>;

export function inboxReplayRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    count: (filter: PeriodFilter) => callTimeless("count_inbox_replay", filter, z.number()),

    accept: (request: JobRequest, { verdict, ...replay }: InboxFilter & { perSecond: number }) =>
      call("accept_inbox_replay", { replay: { ...replay, verdict: verdict ?? null }, request }, jobRow),

    cut: (id: string) => callTimeless("cut_inbox_replay", { id }, ranges),

    /** Accepts jobs for the webhooks of the next second, from position `from` on. */
    queue: ({ id: partId, token, last }: ClaimedPart, replayId: string, from: number) =>
      call("queue_inbox_replay", { partId, token, replayId, from, last }, queued),
  };
}
