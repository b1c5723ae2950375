import { z } from "zod";
import { type Lane, type LaneName, laneName } from "#images/lanes.ts";
import { taskRow } from "#images/task.ts";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Want } from "#lib/database/tokens.ts";
import { AppError } from "#lib/errors.ts";
import type { Position } from "#lib/http/pages.ts";

/** What travels of a job that may start now. */
const sendableJob = z.object({
  id: z.uuid(),
  event_name: z.string(),
  event_data: z.json(),
  released_at: z.string().nullable(),
});
const acceptedTask = z.object({ task: taskRow, started: sendableJob.array() });

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
});
export type LaneCounts = z.output<typeof laneCounts>;

export type Submission = {
  taskId: string;
  lane: Lane;
  prompt: string;
  owner: string;
  requester: string;
  idempotencyKey: string | undefined;
  submissions: Want[];
  limits: Record<string, number | string | boolean>;
};
export type TaskFilter = { lane?: LaneName | undefined; status?: string | undefined };

export type ImageDesk = ReturnType<typeof imageDesk>;

/** The queue as those who ask for pictures see it. `owner: null` sees every task. */
export function imageDesk(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    async accept(submission: Submission) {
      const answer = await unwrap(
        db.rpc("accept_image_task", {
          p_task_id: submission.taskId,
          p_lane: submission.lane,
          p_prompt: submission.prompt,
          p_owner: submission.owner,
          p_requester: submission.requester,
          p_idempotency_key: submission.idempotencyKey ?? null,
          p_submissions: submission.submissions,
          p_limits: submission.limits,
          p_now: now(),
        }),
      );
      return acceptedTask.parse(answer);
    },

    async get(taskId: string, owner: string | null) {
      const task = await unwrap(db.rpc("get_image_task", { p_task_id: taskId, p_owner: owner }));
      if (task === null) throw new AppError("not_found", "Task not found");
      return taskRow.parse(task);
    },

    /** One row more than `limit`, when there is one. */
    async list(owner: string | null, filter: TaskFilter, limit: number, before?: Position) {
      const rows = await unwrap(
        db.rpc("list_image_tasks", {
          p_owner: owner,
          p_lane: filter.lane ?? null,
          p_status: filter.status ?? null,
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return taskRow.array().parse(rows);
    },

    /** All that is unfinished since the lane was cleared, and the latest that ended. */
    async show(lane: LaneName, owner: string | null, endedLimit: number) {
      const rows = await unwrap(
        db.rpc("show_image_lane", { p_lane: lane, p_owner: owner, p_ended_limit: endedLimit }),
      );
      return taskRow.array().parse(rows);
    },

    /** Where a follower begins: the newest and all that are unfinished, and the position that they are seen from. */
    async live(owner: string | null, lane: LaneName | undefined) {
      const answer = await unwrap(db.rpc("read_live_tasks", { p_owner: owner, p_lane: lane ?? null }));
      return liveTasks.parse(answer);
    },

    async ofJobs(jobIds: string[]) {
      return taskRow.array().parse(await unwrap(db.rpc("image_tasks_of_jobs", { p_job_ids: jobIds })));
    },

    /** Each lane in numbers: now, and what has ended in the last `windowMs`. */
    async stats(windowMs: number): Promise<LaneCounts[]> {
      const since = new Date(clock.now().getTime() - windowMs).toISOString();
      return laneCounts.array().parse(await unwrap(db.rpc("image_lane_stats", { p_since: since })));
    },

    /** Cancels what is unfinished; the jobs that were stopped. */
    async clear(lane: LaneName, by: string): Promise<string[]> {
      const jobIds = await unwrap(db.rpc("clear_image_lane", { p_lane: lane, p_by: by, p_now: now() }));
      return z.uuid().array().parse(jobIds);
    },
  };
}
