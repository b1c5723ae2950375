import { z } from "zod";
import { laneName } from "#images/lanes.ts";
import { pictureUrl, thumbnailUrl } from "#images/paths.ts";
import { jobUrl } from "#jobs/view.ts";
import { prioritySchema } from "#lib/engine/priorities.ts";
import { RETRY_POLICIES } from "#lib/engine/retry-policy.ts";
import { UNFORESEEN } from "#lib/http/problem.ts";

/** A `waiting` task uses the lane's concurrency until its retry. A `skipped` task missed its deadline. */
export const taskStatus = z.enum([
  "pending",
  "processing",
  "waiting",
  "completed",
  "failed",
  "canceled",
  "skipped",
]);

const time = z.string();

/** A task as the database returns it. */
export const taskRow = z.object({
  id: z.uuid(),
  job_id: z.uuid(),
  lane: laneName,
  status: taskStatus,
  prompt: z.string(),
  priority: prioritySchema,
  attempts: z.number(),
  retry_at: time.nullable(),
  drawing_until: time.nullable(),
  image_path: z.string().nullable(),
  thumbnail_path: z.string().nullable(),
  error_code: z.string().nullable(),
  error_message: z.string().nullable(),
  sequence: z.number(),
  due_at: time,
  started_no: z.number().nullable(),
  revision: z.number(),
  created_at: time,
  started_at: time.nullable(),
  ended_at: time.nullable(),
  position: z.number().nullable(),
});
export type Task = z.output<typeof taskRow>;

/** A task as the API shows it. */
export const taskView = z.object({
  id: z.uuid(),
  /** Grows with every change of the task, but not when only `position` changes, which depends on other tasks, too. */
  revision: z.number(),
  lane: laneName,
  prompt: z.string(),
  status: taskStatus,
  /** The status, or `canceling` while a canceled task is still being drawn and uses the lane's concurrency. */
  state: z.enum([...taskStatus.options, "canceling"]),
  priority: prioritySchema,
  attempts: z.number(),
  maxAttempts: z.number(),
  retryAt: z.string().nullable(),
  /** The task's place in the queue: 1 starts next; null when the task does not wait any more. */
  position: z.number().nullable(),
  /** The queue is ordered by these two fields: earliest due first, then in the order of accepting. */
  dueAt: z.string(),
  sequence: z.number(),
  imageUrl: z.string().nullable(),
  thumbnailUrl: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  completedAt: z.string().nullable(),
  jobUrl: z.string(),
});
z.globalRegistry.add(taskView, { id: "ImageTask" });
export type TaskView = z.output<typeof taskView>;

const MAX_ATTEMPTS = RETRY_POLICIES.task.retries + 1;

export const toTaskView = (task: Task): TaskView => ({
  id: task.id,
  revision: task.revision,
  lane: task.lane,
  prompt: task.prompt,
  status: task.status,
  state: isDrawnOn(task) ? "canceling" : task.status,
  priority: task.priority,
  attempts: task.attempts,
  maxAttempts: MAX_ATTEMPTS,
  retryAt: task.retry_at,
  position: task.position,
  dueAt: task.due_at,
  sequence: task.sequence,
  imageUrl: task.image_path && pictureUrl(task.id),
  thumbnailUrl: task.thumbnail_path && thumbnailUrl(task.id),
  error: toError(task),
  createdAt: task.created_at,
  startedAt: task.started_at,
  completedAt: task.ended_at,
  jobUrl: jobUrl(task.job_id),
});

function toError({ error_code: code, error_message: words }: Task): TaskView["error"] {
  if (code === null) return null;
  return { code, message: code === "internal" ? UNFORESEEN : (words ?? "") };
}

/**
 * Whether a canceled task is still being drawn. Does not compare `drawing_until` with the time, because clients get an
 * event only when the row changes.
 */
const isDrawnOn = ({ status, drawing_until }: Task): boolean =>
  status === "canceled" && drawing_until !== null;
