/**
 * All jobs that the key may see, as they change, from one stream for the whole page. The state of this stream is shown
 * as the state of the page.
 */
import { useEffect, useSyncExternalStore } from "react";
import type { Job, LiveStatus, Notification } from "#client/index.ts";
import { api, type Problem, problemOf } from "./api.ts";
import { useIsSeen } from "./seen.ts";
import { createStore } from "./store.ts";

export type Connection = LiveStatus | "connecting";
const connection = createStore<Connection>("connecting");
export const useConnection = connection.use;

type Live = {
  /** Undefined until the first answer. */
  jobs: ReadonlyMap<string, Job> | undefined;
  problem: Problem | undefined;
};
const NOTHING: Live = { jobs: undefined, problem: undefined };
const live = createStore(NOTHING);
export const useLive = live.use;
export const liveJob = (id: string): Job | undefined => live.get().jobs?.get(id);
export const useLiveJob = (id: string): Job | undefined =>
  useSyncExternalStore(live.subscribe, () => liveJob(id));

/** The notifications of the key's owner that were unread when the stream began, and all later ones; newest first. */
const notifications = createStore<readonly Notification[]>([]);
export const useNotifications = notifications.use;

/** `before` is the job's previous state; undefined when it is seen for the first time. */
export type JobChange = { job: Job; before: Job | undefined };
type Listener = (changes: readonly JobChange[]) => void;
const listeners = new Set<Listener>();

/**
 * Calls the listener for every changed job, in the order of the stream's messages. Returns the function that stops the
 * calls.
 */
export function onJobChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the stream while the page is visible. The frame calls this hook once. */
export function useLiveStream(): void {
  const isSeen = useIsSeen();
  useEffect(() => (isSeen ? follow() : undefined), [isSeen]);
  useEffect(() => {
    return () => {
      live.set(NOTHING);
      notifications.set([]);
    };
  }, []);
}

function follow(): () => void {
  const over = new AbortController();
  connection.set("connecting");
  const hear = (jobs: ReadonlyMap<string, Job>) => {
    const known = live.get().jobs;
    if (jobs === known) return;
    live.set({ jobs, problem: undefined });
    const changes = [...jobs.values()]
      .map((job) => ({ job, before: known?.get(job.id) }))
      .filter(({ job, before }) => job !== before);
    for (const listener of listeners) listener(changes);
  };
  api
    .watch({
      signal: over.signal,
      onStatus: connection.set,
      onChange(state) {
        hear(state.jobs);
        notifications.set(state.notifications);
      },
    })
    .catch((error: unknown) => {
      if (!over.signal.aborted) live.set({ ...live.get(), problem: problemOf(error) });
    });
  return () => over.abort();
}
