import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

export type MaintenanceRepository = ReturnType<typeof maintenanceRepository>;

const batch = z.object({
  counts: z.record(z.string(), z.number()),
  /** Whether the task has work left. */
  hasMore: z.boolean(),
});
const action = z.object({
  id: z.number(),
  at: z.string(),
  actor: z.string(),
  action: z.string(),
  target: z.json(),
});
const busyUser = z.object({
  owner: z.string(),
  job_count: z.number(),
  failed_count: z.number(),
  last_job_at: z.string(),
  refreshed_at: z.string(),
});

export function maintenanceRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** The names of the tasks that are due. */
    due: () => call("due_maintenance", {}, z.array(z.string())),

    /** Runs one batch of a task. Each of its counts is at most `limit`. */
    run: (task: string, limit: number) => call("run_maintenance", { task, limit }, batch),

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    actions: (limit: number, beforeId?: number) =>
      callTimeless("list_audit_logs", { beforeId, limit: limit + 1 }, action.array()),

    busiestUsers: (limit: number) => callTimeless("list_busiest_users", { limit }, busyUser.array()),
  };
}
