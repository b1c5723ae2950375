/** Jobs that change while the page is open: whatever stream a view follows tells all who listen. */
import type { Job, LiveState } from "#client/index.ts";

type Listener = (job: Job) => void;
const listeners = new Set<Listener>();
const told = new Map<string, number>();

/** Hears of every job at its first sight and whenever it has changed. Answers how to stop listening. */
export function onJobChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function tellOfJobs({ jobs }: Pick<LiveState, "jobs">): void {
  for (const job of jobs.values()) {
    if ((told.get(job.id) ?? -1) >= job.revision) continue;
    told.set(job.id, job.revision);
    for (const listener of listeners) listener(job);
  }
}
