import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
import type { Position } from "#lib/http/pages.ts";
import { type Job, jobDetails, jobRow, quietRun, startedRun } from "./rows.ts";
import { jobStatsRow } from "./stats.ts";

export type JobRepository = ReturnType<typeof jobRepository>;

/** A run as the engine knows it: which function works on which event. */
export type RunOfEvent = { eventId: string; functionId: string; runId: string };
export type StartingRun = RunOfEvent & {
  eventName: string;
  eventData: Json;
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

/** The filter as every statement that chooses jobs takes it: null chooses all. */
export const asArguments = (filter: JobFilter) => ({
  p_status: filter.status ?? null,
  p_kind: filter.kind ?? null,
  p_function_id: filter.functionId ?? null,
  p_requester: filter.requester ?? null,
  p_parent_job_id: filter.parentJobId ?? null,
  p_from: filter.from ?? null,
  p_to: filter.to ?? null,
});

/** The ledger. `owner: null` sees every job; with an owner, other people's jobs do not exist. */
export function jobRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    async startRun(run: StartingRun) {
      const data = await unwrap(
        db.rpc("start_run", {
          p_event_id: run.eventId,
          p_event_name: run.eventName,
          p_event_data: run.eventData,
          p_function_id: run.functionId,
          p_run_id: run.runId,
          p_attempt: run.attempt,
          p_parent_job_id: run.parentJobId ?? null,
          p_now: now(),
        }),
      );
      return startedRun.parse(data);
    },

    async finishRun({ eventId, functionId, runId }: RunOfEvent, result: Json): Promise<void> {
      await unwrap(
        db.rpc("finish_run", {
          p_event_id: eventId,
          p_function_id: functionId,
          p_run_id: runId,
          p_result: result,
          p_now: now(),
        }),
      );
    },

    /** Whether the run was a part of a job that goes on: then that would wait for it for ever. */
    async cancelRun(
      { eventId, functionId, runId }: RunOfEvent,
      parentJobId: string | null = null,
    ): Promise<boolean> {
      return unwrap(
        db.rpc("cancel_run", {
          p_event_id: eventId,
          p_function_id: functionId,
          p_run_id: runId,
          p_parent_job_id: parentJobId,
          p_now: now(),
        }),
      );
    },

    async cancel(jobId: string, owner: string | null, by: string): Promise<Job> {
      return jobRow.parse(
        await unwrap(db.rpc("cancel_job", { p_job_id: jobId, p_owner: owner, p_by: by, p_now: now() })),
      );
    },

    /** One row more than `limit`, when there is one. */
    async list(owner: string | null, filter: JobFilter, limit: number, before?: Position): Promise<Job[]> {
      const rows = await unwrap(
        db.rpc("list_jobs", {
          p_owner: owner,
          ...asArguments(filter),
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return jobRow.array().parse(rows);
    },

    async get(jobId: string, owner: string | null) {
      const data = await unwrap(db.rpc("get_job", { p_job_id: jobId, p_owner: owner }));
      return jobDetails.nullable().parse(data);
    },

    /** Seconds until the requester's turn; null when nobody can say when there will be room. */
    async giveTurn(refused: Refused, requester: string, request: string | undefined): Promise<number | null> {
      const seconds = await unwrap(
        db.rpc("give_turn", {
          p_kind: refused.kind,
          p_priority: refused.priority,
          p_requester: requester,
          p_request: request ?? null,
          p_places: refused.places,
          p_now: now(),
        }),
      );
      return z.number().nullable().parse(seconds);
    },

    async stats(owner: string | null) {
      return jobStatsRow.parse(await unwrap(db.rpc("job_stats", { p_owner: owner, p_now: now() })));
    },

    /** Accepted at least `ageMs` ago, and released by `aheadMs` from now. */
    async unsent(ageMs: number, aheadMs: number, limit: number): Promise<Job[]> {
      const fromNow = (ms: number) => new Date(clock.now().getTime() + ms).toISOString();
      const rows = await unwrap(
        db.rpc("unsent_jobs", {
          p_accepted_before: fromNow(-ageMs),
          p_released_before: fromNow(aheadMs),
          p_limit: limit,
        }),
      );
      return jobRow.array().parse(rows);
    },

    async markSent(jobIds: string[]): Promise<void> {
      await unwrap(db.rpc("mark_jobs_sent", { p_job_ids: jobIds, p_now: now() }));
    },

    /**
     * Fails jobs that were due before `before` and never began, though the engine has had them since then or refuses
     * them (`refused`), each with a dead letter. Answers how many.
     */
    async failUnbegun(before: Date, refused: string[], limit: number): Promise<number> {
      return unwrap(
        db.rpc("fail_unbegun_jobs", {
          p_before: before.toISOString(),
          p_refused: refused,
          p_limit: limit,
          p_now: now(),
        }),
      );
    },

    async takeQuietRuns(quietForMs: number, limit: number) {
      const quietSince = new Date(clock.now().getTime() - quietForMs).toISOString();
      const rows = await unwrap(
        db.rpc("take_quiet_runs", { p_quiet_since: quietSince, p_limit: limit, p_now: now() }),
      );
      return quietRun.array().parse(rows);
    },

    /** Jobs canceled since then that have a run at work all the same. */
    async unheardCancels(since: Date, limit: number): Promise<string[]> {
      const ids = await unwrap(db.rpc("unheard_cancels", { p_since: since.toISOString(), p_limit: limit }));
      return z.uuid().array().parse(ids);
    },

    /** How many rows went; as many as `limit` of each ledger at a time. */
    async purge(completedBefore: Date, failedBefore: Date, limit: number): Promise<number> {
      const gone = await unwrap(
        db.rpc("purge_ledgers", {
          p_completed_before: completedBefore.toISOString(),
          p_failed_before: failedBefore.toISOString(),
          p_limit: limit,
        }),
      );
      return gone;
    },

    /** Keeps the newest of each kind that ended, whatever is younger than `before`, and says how many others went. */
    async trim(completed: number, failed: number, before: Date, limit: number): Promise<number> {
      const gone = await unwrap(
        db.rpc("trim_jobs", {
          p_completed: completed,
          p_failed: failed,
          p_before: before.toISOString(),
          p_limit: limit,
        }),
      );
      return gone;
    },
  };
}
