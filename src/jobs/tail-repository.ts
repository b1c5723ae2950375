import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";
import { asArguments, type JobFilter } from "./repository.ts";
import { jobDetails, jobRow } from "./rows.ts";

const factsRow = jobRow.omit({ event_data: true });
const movingRow = jobRow
  .omit({ event_data: true, result: true, error: true, subject: true })
  .extend({ waiting_until: z.string().nullable(), last_error: z.json() });
const changedJob = jobDetails.extend({ job: factsRow });
const notification = z.object({ owner: z.string(), view: z.json() });

const changes = z.object({
  position: z.string(),
  isComplete: z.boolean(),
  jobs: changedJob.array(),
  running: movingRow.array(),
  notifications: notification.array(),
});
const snapshot = z.object({ position: z.string(), jobs: factsRow.array(), notifications: z.json().array() });
const oneJob = z.object({ position: z.string(), details: changedJob.nullable() });

export type Changes = z.output<typeof changes>;
export type ChangedJob = z.output<typeof changedJob>;
/**
 * The fields of a job that decide who may see it and where it belongs. A job of which only the progress changed has
 * neither its error nor its subject.
 */
export type JobFacts = Omit<MovingJob, "waiting_until" | "last_error"> & {
  error?: unknown;
  subject?: string | null;
};
/** A running job that has progress. */
export type MovingJob = z.output<typeof movingRow>;

export type TailRepository = ReturnType<typeof tailRepository>;

/** After more changes than this since the last read, a snapshot is shorter than the changes. */
const MOST_CHANGES = 1000;

/**
 * The client that follows. `owner: null` sees every job. `reader` gets the notifications of that owner; null gets all.
 */
export type Follower = { owner: string | null; reader: string | null };

/** Reads changes of the ledger. Migration 190 documents what these statements guarantee. */
export function tailRepository(db: DatabaseClient, clock: Clock) {
  const { callTimeless } = createCall(db, clock);
  return {
    changes: (position: string, { owner, reader }: Follower): Promise<Changes> =>
      callTimeless("read_changes", { position, owner, reader, limit: MOST_CHANGES }, changes),

    /** With `cursor`, only the jobs that come after this position in the list, newest first. */
    snapshot: ({ owner, reader }: Follower, filter: JobFilter, cursor?: Position) =>
      callTimeless(
        "read_live_snapshot",
        { owner, reader, ...asArguments(filter), beforeAt: cursor?.at, beforeId: cursor?.id },
        snapshot,
      ),

    job: (jobId: string, owner: string | null) => callTimeless("read_live_job", { jobId, owner }, oneJob),
  };
}
