import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Position } from "#lib/http/pages.ts";
import { storableId, storableJson } from "#lib/storable.ts";
import type { JobRequest } from "./request.ts";
import { type Job, jobDetails, jobRow, quietRun, startedRun } from "./rows.ts";
import { jobStatsRow } from "./stats.ts";

export type JobRepository = ReturnType<typeof jobRepository>;

/** A run as the engine knows it: which function works on which event. */
export type RunOfEvent = { eventId: string; functionId: string; runId: string };
export type StartingRun = RunOfEvent & {
  eventName: string;
  eventData: unknown;
  attempt: number;
  parentJobId: string | undefined;
};

/** What the ledger refused: how many jobs of the kind must begin before there is room for it. */
export type Refused = { kind: string; priority: number; places: number };

export type JobFilter = {
  status?: string | undefined;
  kind?: string | undefined;
  functionId?: string | undefined;
  requester?: string | undefined;
  parentJobId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** The filter as every statement that chooses jobs takes it. */
export const asArguments = (filter: JobFilter) => ({
  status: filter.status,
  kind: filter.kind,
  functionId: filter.functionId,
  requester: filter.requester,
  parentJobId: filter.parentJobId,
  from: filter.from,
  to: filter.to,
});

/** Larger results belong into a table or a file. */
const MAX_RESULT_CHARS = 32_000;

/** The ledger. `owner: null` sees every job; with an owner, other people's jobs do not exist. */
export function jobRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  const fromNow = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();
  return {
    /** The new job, or the one that the requester has under this idempotency key. */
    accept: (request: JobRequest): Promise<Job> => call("accept_job", { request }, jobRow),

    startRun: ({ eventId, functionId, runId, eventName, eventData, attempt, parentJobId }: StartingRun) =>
      call(
        "start_run",
        {
          ...keysOf({ eventId, functionId, runId }),
          eventName: storableId(eventName),
          eventData: storableJson(eventData),
          attempt,
          parentJobId,
        },
        startedRun,
      ),

    finishRun: (run: RunOfEvent, result: unknown): Promise<void> =>
      call("finish_run", { ...keysOf(run), result: boundedResult(result) }),

    /** Whether the run was a part of a job that goes on: then that would wait for it for ever. */
    cancelRun: (run: RunOfEvent, parentJobId: string | null = null): Promise<boolean> =>
      call("cancel_run", { ...keysOf(run), parentJobId }, z.boolean()),

    cancel: (jobId: string, owner: string | null, by: string): Promise<Job> =>
      call("cancel_job", { jobId, owner, by }, jobRow),

    /** One row more than `limit`, when there is one. */
    list: (owner: string | null, filter: JobFilter, limit: number, before?: Position): Promise<Job[]> =>
      callTimeless(
        "list_jobs",
        { owner, ...asArguments(filter), beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        jobRow.array(),
      ),

    get: (jobId: string, owner: string | null) =>
      callTimeless("get_job", { jobId, owner }, jobDetails.nullable()),

    /** In how many seconds the request will be admitted; null when that cannot be known. */
    reserve: (refused: Refused, requester: string, request: string | undefined): Promise<number | null> =>
      call("reserve_admission", { ...refused, requester, request }, z.number().nullable()),

    stats: (owner: string | null) => call("job_stats", { owner }, jobStatsRow),

    /** Accepted at least `ageMs` ago, and released by `aheadMs` from now. */
    unsent: (ageMs: number, aheadMs: number, limit: number): Promise<Job[]> =>
      callTimeless(
        "unsent_jobs",
        { acceptedBefore: fromNow(-ageMs), releasedBefore: fromNow(aheadMs), limit },
        jobRow.array(),
      ),

    markSent: (jobIds: string[]): Promise<void> => call("mark_jobs_sent", { jobIds }),

    /**
     * Fails jobs that were due before `before` and never began, though the engine has had them since then or refuses
     * them (`refused`), each with a dead letter. Answers how many.
     */
    failUnbegun: (before: Date, refused: string[], limit: number): Promise<number> =>
      call("fail_unbegun_jobs", { before: before.toISOString(), refused, limit }, z.number()),

    takeQuietRuns: (quietForMs: number, limit: number) =>
      call("take_quiet_runs", { quietSince: fromNow(-quietForMs), limit }, quietRun.array()),

    /** Jobs canceled since then that have a run at work all the same. */
    unheardCancels: (since: Date, limit: number): Promise<string[]> =>
      callTimeless("unheard_cancels", { since: since.toISOString(), limit }, z.uuid().array()),

    /** How many rows went; as many as `limit` of each ledger at a time. */
    purge: (completedBefore: Date, failedBefore: Date, limit: number): Promise<number> =>
      callTimeless(
        "purge_ledgers",
        { completedBefore: completedBefore.toISOString(), failedBefore: failedBefore.toISOString(), limit },
        z.number(),
      ),

    /** How many ended jobs went that their kind, or the newest of them, does not ask to keep. */
    trim: (before: Date, limit: number): Promise<number> =>
      callTimeless("trim_jobs", { before: before.toISOString(), limit }, z.number()),
  };
}

/** Work that is done stays done, whatever it answers. */
function boundedResult(value: unknown): Json {
  const result = storableJson(value);
  const chars = JSON.stringify(result).length;
  return chars > MAX_RESULT_CHARS ? { truncated: true, chars } : result;
}

/** App code chooses the ids of its events. */
const keysOf = ({ eventId, functionId, runId }: RunOfEvent) => ({
  eventId: storableId(eventId),
  functionId,
  runId,
});
