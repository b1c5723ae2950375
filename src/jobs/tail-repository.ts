import { z } from "zod";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import { asArguments, type JobFilter } from "./repository.ts";
import { jobDetails, jobRow } from "./rows.ts";

const factsRow = jobRow.omit({ event_data: true });
const movingRow = jobRow.omit({ event_data: true, result: true, error: true });
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
/** What every view of a job says of it: enough to know who may see it and where it belongs. */
export type JobFacts = z.output<typeof movingRow>;

export type TailRepository = ReturnType<typeof tailRepository>;

/** More changes than this in one look, and a snapshot is the shorter answer. */
const MOST_CHANGES = 1000;

/** Who follows: `owner: null` sees every job, `reader` gets their notifications (null: everybody's). */
export type Follower = { owner: string | null; reader: string | null };

/** Following the ledger; what these statements promise stands in migration 190. */
export function tailRepository(db: DatabaseClient) {
  return {
    async changes(after: string, { owner, reader }: Follower): Promise<Changes> {
      const data = await unwrap(
        db.rpc("read_changes", {
          p_position: after,
          p_owner: owner,
          p_reader: reader,
          p_limit: MOST_CHANGES,
        }),
      );
      return changes.parse(data);
    },

    async snapshot({ owner, reader }: Follower, filter: JobFilter) {
      const data = await unwrap(
        db.rpc("read_live_snapshot", {
          p_owner: owner,
          p_reader: reader,
          ...asArguments(filter),
        }),
      );
      return snapshot.parse(data);
    },

    async job(jobId: string, owner: string | null) {
      return oneJob.parse(await unwrap(db.rpc("read_live_job", { p_job_id: jobId, p_owner: owner })));
    },
  };
}
