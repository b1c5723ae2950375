import { byText } from "#dashboard/order.ts";
import type { ImageTask, LaneStats } from "#dashboard/views/images/task.ts";

/** The state of a task, in the words of the page. */
export type Group = "processing" | "retrying" | "waiting" | "done" | "failed" | "canceled";
export type Groups = Record<Group, ImageTask[]>;

const GROUP_OF: Record<ImageTask["status"], Group> = {
  pending: "waiting",
  processing: "processing",
  waiting: "retrying",
  completed: "done",
  failed: "failed",
  canceled: "canceled",
  skipped: "canceled",
};

/**
 * Sorts tasks into groups: waiting tasks in the order of the queue, ended tasks with the newest first. The order of the
 * queue is computed here, because a change of one task does not update the positions of the tasks behind it.
 */
export function groupTasks(tasks: Iterable<ImageTask>): Groups {
  const groups: Groups = { processing: [], retrying: [], waiting: [], done: [], failed: [], canceled: [] };
  for (const task of tasks) groups[GROUP_OF[task.status]].push(task);
  groups.waiting.sort((a, b) => byText(a.dueAt, b.dueAt) || a.sequence - b.sequence);
  groups.processing.sort((a, b) => byText(a.startedAt, b.startedAt));
  groups.retrying.sort((a, b) => byText(a.retryAt, b.retryAt));
  for (const ended of [groups.done, groups.failed, groups.canceled]) {
    ended.sort((a, b) => byText(b.completedAt, a.completedAt));
  }
  return groups;
}

/**
 * How the lane's concurrency is used. A task that waits for its retry uses concurrency, and so does a canceled task
 * that is still being drawn. The rest is free. `allOwners`: the lane's statistics, when the groups have only the tasks
 * of one owner.
 */
export function placesOf(
  { processing, retrying, canceled }: Groups,
  atOnce: number,
  allOwners?: Pick<LaneStats, "processing" | "retrying">,
) {
  const taken = processing.length + retrying.length;
  const canceling = canceled.filter(({ state }) => state === "canceling").length;
  const takenByAll = allOwners === undefined ? 0 : allOwners.processing + allOwners.retrying;
  return { taken, free: Math.max(0, atOnce - Math.max(taken + canceling, takenByAll)) };
}
