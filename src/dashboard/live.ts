/** All jobs that the key may see, as they change: one stream for the whole page. How it does is how fresh the page is. */
import { useEffect, useSyncExternalStore } from "react";
import type { Job, LiveStatus } from "#client/index.ts";
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

/** `before` is the same job as it was known until now, undefined at its first sight. */
export type JobChange = { job: Job; before: Job | undefined };
type Listener = (changes: readonly JobChange[]) => void;
const listeners = new Set<Listener>();

/** Hears of all jobs that have changed, in the order of the stream's messages. Answers how to stop listening. */
export function onJobChanges(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the stream while somebody looks; used once, in the frame. */
export function useLiveStream(): void {
  const isSeen = useIsSeen();
  useEffect(() => (isSeen ? follow() : undefined), [isSeen]);
  useEffect(() => () => live.set(NOTHING), []);
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
    .watch({ signal: over.signal, onStatus: connection.set, onChange: ({ jobs }) => hear(jobs) })
    .catch((error: unknown) => {
      if (!over.signal.aborted) live.set({ ...live.get(), problem: problemOf(error) });
    });
  return () => over.abort();
}
