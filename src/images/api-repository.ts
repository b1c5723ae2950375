import { z } from "zod";
import { type Lane, type LaneName, laneName } from "#images/lanes.ts";
import { taskRow } from "#images/task.ts";
import type { JobRequest } from "#jobs/request.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Want } from "#lib/database/tokens.ts";
import { AppError } from "#lib/errors.ts";
import type { Position } from "#lib/http/pages.ts";

const liveTasks = z.object({ position: z.string(), tasks: taskRow.array() });

const laneCounts = z.object({
  lane: laneName,
  waiting: z.number(),
  processing: z.number(),
  retrying: z.number(),
  completed: z.number(),
  failed: z.number(),
  canceled: z.number(),
  average_ms: z.number().nullable(),
  visible_completed: z.number(),
  visible_failed: z.number(),
  visible_canceled: z.number(),
});
export type LaneCounts = z.output<typeof laneCounts>;

export type TaskFilter = { lane?: LaneName | undefined; status?: string | undefined };

export type ImageApiRepository = ReturnType<typeof imageApiRepository>;

/** The statements with which the API uses the queue. `owner: null` sees every task. */
export function imageApiRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    accept: (lane: Lane, prompt: string, submissions: Want[], request: JobRequest) =>
      call("accept_image_task", { lane, prompt, submissions, request }, taskRow),

    async get(taskId: string, owner: string | null) {
      const task = await callTimeless("get_image_task", { taskId, owner }, taskRow.nullable());
      if (task === null) throw new AppError("not_found", "Task not found");
      return task;
    },

    /** Returns at most `limit` + 1 rows: the extra row shows that there is a next page. */
    list: (owner: string | null, { lane, status }: TaskFilter, limit: number, before?: Position) =>
      callTimeless(
        "list_image_tasks",
        { owner, lane, status, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        taskRow.array(),
      ),

    /** The tasks since the lane was last cleared: all unfinished tasks, and the newest ended tasks. */
    show: (lane: LaneName, owner: string | null, endedLimit: number) =>
      callTimeless("show_image_lane", { lane, owner, endedLimit }, taskRow.array()),

    /**
     * The first state of a client that follows tasks: the newest tasks, all unfinished ones, and the position from
     * which the client continues.
     */
    live: (owner: string | null, lane: LaneName | undefined) =>
      callTimeless("read_live_tasks", { owner, lane }, liveTasks),

    ofJobs: (jobIds: string[]) => callTimeless("image_tasks_of_jobs", { jobIds }, taskRow.array()),

    /** Statistics of each lane: its current state, and the tasks that ended in the last `windowMs`. */
    stats(windowMs: number, owner: string | null): Promise<LaneCounts[]> {
      const since = new Date(clock.now().getTime() - windowMs).toISOString();
      return callTimeless("image_lane_stats", { since, owner }, laneCounts.array());
    },

    /** Cancels all unfinished tasks; returns the jobs that were canceled. */
    clear: (lane: LaneName, by: string): Promise<string[]> =>
      call("clear_image_lane", { lane, by }, z.uuid().array()),
  };
}
