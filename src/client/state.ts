import type { JobDetails, JobView } from "./types.ts";

/** A job. Its runs, its timeline and the end of its pause are included once it has changed. */
export type Job = JobView &
  Partial<Pick<JobDetails, "runs" | "timeline" | "waitingUntil" | "lastError" | "childCount">>;

export type Notification = {
  id: string;
  type: string;
  userId: string;
  data: unknown;
  createdAt: string;
  readAt: string | null;
};

/** Of two versions of an item, the one with the higher revision is newer. */
export type Item = { id: string; revision: number; completedAt?: string | null };

/** The state of a watcher. Each change makes a new object; maps without changes stay the same objects. */
export type LiveState<Task extends Item = Item> = {
  readonly jobs: ReadonlyMap<string, Job>;
  readonly tasks: ReadonlyMap<string, Task>;
  /** Newest first. */
  readonly notifications: readonly Notification[];
};

type Progress = Pick<JobDetails, "id" | "progress" | "waitingUntil" | "lastError" | "blocked">;

/** The server's messages, which are the same for streams and polling. A stream continues after the last `id`. */
export type Message<Task extends Item = Item> = { id?: string | undefined } & (
  | {
      event: "snapshot";
      data: { jobs?: Job[]; tasks?: Task[]; notifications?: Notification[] };
    }
  | { event: "job"; data: Job }
  | { event: "task"; data: Task }
  | { event: "progress"; data: Progress }
  /** The item no longer matches the filter. */
  | { event: "gone"; data: { id: string } }
  | { event: "notification"; data: Notification }
  | { event: "position"; data: null }
);

export const nothingKnown: LiveState<never> = {
  jobs: new Map<string, Job>(),
  tasks: new Map<string, never>(),
  notifications: [],
};

/**
 * The most jobs or tasks that a state keeps, which is more than a snapshot contains. The items that ended first are
 * removed.
 */
const MOST = 1000;
const MOST_NOTIFICATIONS = 100;

/** Applies a message to the state. A message that arrives twice or late changes nothing. */
export function reduce<Task extends Item>(state: LiveState<Task>, message: Message<Task>): LiveState<Task> {
  switch (message.event) {
    case "snapshot": {
      const { jobs = [], tasks = [], notifications = [] } = message.data;
      return { jobs: byId(jobs), tasks: byId(tasks), notifications };
    }
    case "job": {
      const known = state.jobs.get(message.data.id);
      if (known && isNewer(known, message.data)) return state;
      return { ...state, jobs: bounded(withItem(state.jobs, message.data), ({ endedAt }) => endedAt) };
    }
    case "task": {
      const known = state.tasks.get(message.data.id);
      if (known && known.revision > message.data.revision) return state;
      return { ...state, tasks: bounded(withItem(state.tasks, message.data), (task) => task.completedAt) };
    }
    case "progress":
      return withProgress(state, message.data);
    case "gone":
      return {
        ...state,
        jobs: without(state.jobs, message.data.id),
        tasks: without(state.tasks, message.data.id),
      };
    case "notification": {
      const others = state.notifications.filter(({ id }) => id !== message.data.id);
      return { ...state, notifications: [message.data, ...others].slice(0, MOST_NOTIFICATIONS) };
    }
    default:
      return state;
  }
}

/** Progress changes without a new revision. It only grows, so the larger progress is the newer one. */
const isNewer = (a: Job, b: Job): boolean =>
  a.revision > b.revision || (a.revision === b.revision && (a.progress?.done ?? 0) > (b.progress?.done ?? 0));

function withProgress<Task extends Item>(
  state: LiveState<Task>,
  { id, ...moved }: Progress,
): LiveState<Task> {
  const job = state.jobs.get(id);
  if (!job || (job.progress?.done ?? 0) > (moved.progress?.done ?? 0)) return state;
  return { ...state, jobs: withItem(state.jobs, { ...job, ...moved }) };
}

const byId = <T extends { id: string }>(items: readonly T[]): ReadonlyMap<string, T> =>
  new Map(items.map((item) => [item.id, item]));

const withItem = <T extends { id: string }>(items: ReadonlyMap<string, T>, item: T): ReadonlyMap<string, T> =>
  new Map(items).set(item.id, item);

function without<T>(items: ReadonlyMap<string, T>, id: string): ReadonlyMap<string, T> {
  if (!items.has(id)) return items;
  const rest = new Map(items);
  rest.delete(id);
  return rest;
}

function bounded<T extends { id: string }>(
  items: ReadonlyMap<string, T>,
  endOf: (item: T) => string | null | undefined,
): ReadonlyMap<string, T> {
  if (items.size <= MOST) return items;
  const ended = [...items.values()].flatMap((item) => {
    const at = endOf(item);
    return at ? [{ id: item.id, at: Date.parse(at) }] : [];
  });
  const first = ended.toSorted((a, b) => a.at - b.at).slice(0, items.size - MOST);
  const rest = new Map(items);
  for (const { id } of first) rest.delete(id);
  return rest;
}

const ENDED: readonly string[] = ["completed", "failed", "canceled", "skipped"] satisfies Job["status"][];

export const hasEnded = ({ status }: Pick<Job, "status">): boolean => ENDED.includes(status);
