import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { FailedTry } from "#lib/engine/failed-tries.ts";
import type { Position } from "#lib/http/pages.ts";
import { storableId, storableJson } from "#lib/storable.ts";
import type { JobRequest } from "./request.ts";
import {
  type FinishedRun,
  finishedRun,
  type Job,
  jobDetails,
  jobRow,
  jobSummary,
  quietRun,
  startedRun,
} from "./rows.ts";
import { jobStatsRow } from "./stats.ts";

export type JobRepository = ReturnType<typeof jobRepository>;

/** A run as the engine knows it: a function and its event. */
export type RunOfEvent = { eventId: string; functionId: string; runId: string };
export type StartingRun = RunOfEvent & {
  eventName: string;
  eventData: unknown;
  attempt: number;
  parentJobId: string | undefined;
};

/** A refusal of the ledger: how many jobs of the kind must begin before one more may wait. */
export type Refused = { kind: string; priority: number; places: number };

export type JobFilter = {
  status?: string | undefined;
  kind?: string | undefined;
  functionId?: string | undefined;
  requester?: string | undefined;
  parentJobId?: string | undefined;
  search?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** The filter as arguments of every SQL function that selects jobs. */
export const asArguments = (filter: JobFilter) => ({
  status: filter.status,
  kind: filter.kind,
  functionId: filter.functionId,
  requester: filter.requester,
  parentJobId: filter.parentJobId,
  search: filter.search,
  from: filter.from,
  to: filter.to,
});

const canceledJob = jobRow.pick({ id: true, event_id: true, function_id: true });

/** The largest result of a job. Larger results belong in a table or a file. */
const MAX_RESULT_CHARS = 32_000;

/** The ledger. `owner: null` sees every job; any other owner sees only its own jobs. */
export function jobRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  const fromNow = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();
  return {
    /** Returns the new job, or the existing job of this requester with the same idempotency key. */
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

    /**
     * Returns the state of the run's job after the end of the run; null when the run is unknown, or had ended before.
     */
    finishRun: (run: RunOfEvent, result: unknown): Promise<FinishedRun | null> =>
      call("finish_run", { ...keysOf(run), result: boundedResult(result) }, finishedRun.nullable()),

    /**
     * Returns whether the run worked on a part of a job that has not ended. The caller must then act, because that job
     * would otherwise wait for the part forever.
     */
    cancelRun: (run: RunOfEvent, parentJobId: string | null = null): Promise<boolean> =>
      call("cancel_run", { ...keysOf(run), parentJobId }, z.boolean()),

    noteFailedTry: ({ error, ...failed }: FailedTry): Promise<number> =>
      call("note_failed_try", { ...failed, error: storableJson(error) }, z.number()),

    cancel: (jobId: string, owner: string | null, by: string): Promise<Job> =>
      call("cancel_job", { jobId, owner, by }, jobRow),

    /** Returns the new job, which has the old job's event and is in the outbox. */
    runAgain: (again: { jobId: string; newId: string; by: string; key: string | undefined }): Promise<Job> =>
      call("run_job_again", { ...again, key: again.key ?? null }, jobRow),

    /** Returns at most `limit` + 1 rows: the extra row shows that there is a next page. */
    list: (owner: string | null, filter: JobFilter, limit: number, before?: Position): Promise<Job[]> =>
      callTimeless(
        "list_jobs",
        {
          owner,
          ...asArguments(filter),
          beforeAt: before?.at,
          beforeId: before?.id,
          limit: limit + 1,
        },
        jobRow.array(),
      ),

    get: (jobId: string, owner: string | null) =>
      callTimeless("get_job", { jobId, owner }, jobDetails.nullable()),

    /** The values that the filters of a list offer, and how many jobs match; see `summarize_jobs`. */
    summarize: (owner: string | null, filter: JobFilter, most: number) =>
      callTimeless("summarize_jobs", { owner, ...asArguments(filter), most }, jobSummary),

    /** Returns the number of seconds until the request will be admitted; null when this number is unknown. */
    reserve: (refused: Refused, requester: string, request: string | undefined): Promise<number | null> =>
      call("reserve_admission", { ...refused, requester, request }, z.number().nullable()),

    stats: (owner: string | null, most: number) => call("job_stats", { owner, most }, jobStatsRow),

    /** Jobs that were accepted at least `ageMs` ago, and may begin within the next `aheadMs`; those in `except` not. */
    unsent: (ageMs: number, aheadMs: number, limit: number, except: string[]): Promise<Job[]> =>
      callTimeless(
        "unsent_jobs",
        { acceptedBefore: fromNow(-ageMs), releasedBefore: fromNow(aheadMs), limit, except },
        jobRow.array(),
      ),

    markSent: (jobIds: string[]): Promise<void> => call("mark_jobs_sent", { jobIds }),

    /**
     * Fails jobs that were due before `before` and never began. Either the engine got these jobs before that time, or
     * the engine refuses them (`refused`). Each job gets a dead letter. Returns how many jobs failed.
     */
    failUnbegun: (before: Date, refused: string[], limit: number): Promise<number> =>
      call("fail_unbegun_jobs", { before: before.toISOString(), refused, limit }, z.number()),

    takeQuietRuns: (quietForMs: number, limit: number) =>
      call("take_quiet_runs", { quietSince: fromNow(-quietForMs), limit }, quietRun.array()),

    /** Jobs that were canceled after `since` and whose run has not ended. */
    unheardCancels: (since: Date, limit: number) =>
      callTimeless("unheard_cancels", { since: since.toISOString(), limit }, canceledJob.array()),

    /** Deletes at most `limit` rows of each ledger. Returns how many were deleted. */
    purge: (completedBefore: Date, failedBefore: Date, limit: number): Promise<number> =>
      callTimeless(
        "purge_ledgers",
        { completedBefore: completedBefore.toISOString(), failedBefore: failedBefore.toISOString(), limit },
        z.number(),
      ),

    /**
     * Deletes the oldest completed and failed jobs of each kind when there are more than the kind keeps. The newest
     * completed job may ask for another number of completed jobs. Returns how many were deleted.
     */
    trim: (before: Date, limit: number): Promise<number> =>
      callTimeless("trim_jobs", { before: before.toISOString(), limit }, z.number()),
  };
}

/** Replaces a result that is too large, because finished work must not fail only because its result is too large. */
function boundedResult(value: unknown): Json {
  const result = storableJson(value);
  const chars = JSON.stringify(result).length;
  return chars > MAX_RESULT_CHARS ? { truncated: true, chars } : result;
}

/** App code may choose any event id, so the id is converted to text that Postgres can store. */
const keysOf = ({ eventId, functionId, runId }: RunOfEvent) => ({
  eventId: storableId(eventId),
  functionId,
  runId,
});
