import type { Logger } from "#lib/logger.ts";
import type { Changes, MovingJob, TailRepository } from "./tail-repository.ts";

/** The changes since the last read. `moved`: running jobs whose progress, pause or block has changed. */
export type Batch = Pick<Changes, "position" | "jobs" | "notifications"> & { moved: MovingJob[] };
export type Listener = {
  hear(batch: Batch): Promise<void>;
  /** The changes could not be read, or there were too many. The listener must read the whole state again. */
  lose(): void;
};

export type Tail = ReturnType<typeof createTail>;

type Dependencies = { live: Pick<TailRepository, "changes">; logger: Logger };

/**
 * The pauses between two reads. A change reaches the listeners at the latest after the longer pause and one statement.
 */
const PAUSE_MS = { busy: 200, idle: 600, growth: 1.25 };

const EVERYONE = { owner: null, reader: null };

/**
 * Reads the changes of the ledger for all listeners of this process, with one statement per pause. The pause grows
 * while nothing changes. Without listeners nothing is read.
 */
export function createTail({ live, logger }: Dependencies) {
  const listeners = new Set<Listener>();
  let walk: { position: string; progress: Map<string, string> } | undefined;
  let beginning: Promise<void> | undefined;

  /** Reads changes in a loop. The loop ends when a newer loop has replaced it. */
  async function follow(own: NonNullable<typeof walk>): Promise<void> {
    let pauseMs = PAUSE_MS.busy;
    for (;;) {
      await pause(pauseMs);
      if (walk !== own) return;
      const changes = await live.changes(own.position, EVERYONE).catch((err: unknown) => {
        logger.warn({ err }, "could not read the ledger's changes");
      });
      if (walk !== own) return;
      const isNews = changes ? await tell(own, changes) : false;
      pauseMs = isNews ? PAUSE_MS.busy : Math.min(pauseMs * PAUSE_MS.growth, PAUSE_MS.idle);
    }
  }

  async function tell(
    own: NonNullable<typeof walk>,
    { isComplete, running, ...changes }: Changes,
  ): Promise<boolean> {
    own.position = changes.position;
    if (!isComplete) {
      for (const listener of listeners) listener.lose();
      return true;
    }
    const moved = running.filter((job) => own.progress.get(job.id) !== progressOf(job));
    own.progress = new Map(running.map((job) => [job.id, progressOf(job)]));
    const isNews = changes.jobs.length + changes.notifications.length + moved.length > 0;
    const batch = { ...changes, moved };
    if (isNews) await Promise.all([...listeners].map((one) => one.hear(batch).catch(() => one.lose())));
    return isNews;
  }

  return {
    /**
     * Sends the listener every change from now on. Returns the function that ends this. A state that `begin` reads
     * later may already contain some of these changes, but no change is missing.
     */
    listen(listener: Listener): () => void {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) walk = undefined;
      };
    },

    /**
     * Reads the state from which a listener starts; called after the listener has begun to listen. The reading of
     * changes begins at the first listener's position. Listeners that arrive meanwhile wait for that position, so that
     * no listener starts from an earlier position.
     */
    async begin<T extends { position: string }>(read: () => Promise<T>): Promise<T> {
      while (walk === undefined && beginning !== undefined) await beginning;
      if (walk !== undefined) return read();
      const first = read().then((start) => {
        if (listeners.size > 0) {
          walk = { position: start.position, progress: new Map() };
          void follow(walk);
        }
        return start;
      });
      const settled = () => {
        beginning = undefined;
      };
      beginning = first.then(settled, settled);
      return first;
    },
  };
}

const progressOf = ({
  progress_done,
  progress_total,
  waiting_until,
  last_error,
  blocked,
}: MovingJob): string =>
  `${progress_done}/${progress_total} ${waiting_until} ${JSON.stringify(last_error)} ${blocked?.parts} ${blocked?.deadLetterId}`;

/** Only open streams keep the process alive, not this timer. */
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());
