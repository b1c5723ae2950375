import TinyQueue from "tinyqueue";
import type { Clock } from "./clock.ts";
import { Concurrency } from "./concurrency.ts";
import type { Job, RunDocument } from "./documents.ts";
import { JobTimers } from "./job-timers.ts";
import { delayMs, isCurrent, score } from "./queue-order.ts";

/**
 * Decides which call is made next. Jobs are in lanes, one for each set of concurrency keys. A lane whose limit is
 * reached is set aside until a call under that limit ends, so that the cost of a call does not depend on the number of
 * waiting jobs. Within a lane older runs come first, shifted by their priority. Equal runs have no fixed order, because
 * the real server keeps no order among equal runs, and code that relies on an order would fail there.
 */
type Entry = { run: RunDocument; job: Job; score: number; tie: number };
type Lane = {
  key: string;
  limits: RunDocument["limits"];
  throttle: RunDocument["throttle"];
  entries: TinyQueue<Entry>;
  isQueued: boolean;
};

const inOrder = (a: Entry, b: Entry): number => a.score - b.score || a.tie - b.tie;

export type QueueOptions = {
  clock: Clock;
  random: () => number;
  maxInFlight: number;
  /** Makes the call. When the promise settles, the call's concurrency is free again. */
  call: (run: RunDocument, job: Job) => Promise<void>;
  /** Ends a sleep or a wait, for which no call to the app is needed. */
  timerFired: (run: RunDocument, job: Job) => void;
  /** Returns when a throttled run may start. Undefined means that the run starts now, and the start is counted. */
  throttle: (throttle: NonNullable<RunDocument["throttle"]>) => number | undefined;
  /** Called before work for which a virtual clock must wait. The returned function is called after the work. */
  busy: () => () => void;
};

export class Queue {
  private readonly options: QueueOptions;
  private readonly lanes = new Map<string, Lane>();
  private readonly ready: Lane[] = [];
  private readonly concurrency = new Concurrency<Lane>();
  private readonly jobTimers: JobTimers;
  private inFlight = 0;
  private isPumping = false;
  private stopped = false;

  constructor(options: QueueOptions) {
    this.options = options;
    this.jobTimers = new JobTimers(options.clock);
  }

  /** Adds a job to the queue. The run's document must already contain the job. */
  add(run: RunDocument, job: Job): void {
    const { clock, timerFired } = this.options;
    const at = job.at + delayMs(run, job);
    if (job.kind === "call" && at <= clock.now()) return this.enter(run, job);
    this.jobTimers.set(run.id, job.id, at, () => {
      if (!isCurrent(run, job)) return;
      if (job.kind === "call") this.enter(run, job);
      else timerFired(run, job);
    });
  }

  drop(runId: string, jobId: string): void {
    this.jobTimers.drop(runId, jobId);
  }

  dropAll(runId: string): void {
    this.jobTimers.dropAll(runId);
  }

  stop(): void {
    this.stopped = true;
  }

  get callsInFlight(): number {
    return this.inFlight;
  }

  private enter(run: RunDocument, job: Job): void {
    const lane = this.laneOf(run, job);
    lane.entries.push({ run, job, score: score(run, job), tie: this.options.random() });
    this.offer(lane);
    this.pump();
  }

  private laneOf(run: RunDocument, job: Job): Lane {
    const throttle = job.isStart && job.attempt === 0 ? run.throttle : undefined;
    const key = `${run.functionId}\n${run.limits.map(({ key }) => key).join("\n")}\n${throttle?.key ?? ""}`;
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = {
        key,
        limits: run.limits,
        throttle,
        entries: new TinyQueue<Entry>([], inOrder),
        isQueued: false,
      };
      this.lanes.set(key, lane);
    }
    return lane;
  }

  private offer(lane: Lane): void {
    if (lane.isQueued) return;
    lane.isQueued = true;
    this.ready.push(lane);
  }

  private offerAgain(lane: Lane): void {
    lane.isQueued = false;
    this.offer(lane);
  }

  /** Waits until the current work has ended, so that events that arrive together are ordered by priority. */
  private pump(): void {
    if (this.isPumping || this.stopped) return;
    this.isPumping = true;
    const done = this.options.busy();
    setImmediate(() => {
      this.isPumping = false;
      this.drain();
      done();
    });
  }

  /** Starts one call per lane and round, so that a function with thousands of jobs does not block the others. */
  private drain(): void {
    let next = 0;
    while (next < this.ready.length && this.inFlight < this.options.maxInFlight && !this.stopped) {
      const lane = this.ready[next++];
      if (lane) this.serve(lane);
    }
    this.ready.splice(0, next);
  }

  private serve(lane: Lane): void {
    lane.isQueued = false;
    const entry = this.current(lane);
    if (!entry) {
      this.lanes.delete(lane.key);
      return;
    }
    const full = this.concurrency.fullKey(lane.limits);
    if (full !== undefined) {
      this.concurrency.await(full, lane);
      lane.isQueued = true; // The call that ends offers the lane again
      return;
    }
    const throttledUntil = lane.throttle && this.options.throttle(lane.throttle);
    if (throttledUntil !== undefined) {
      this.options.clock.at(throttledUntil, () => {
        this.offerAgain(lane);
        this.pump();
      });
      lane.isQueued = true; // The timer offers the lane again
      return;
    }
    lane.entries.pop();
    this.offer(lane);
    this.start(entry, lane);
  }

  /** The first job of a lane. Jobs that were replaced, or whose run has ended, are removed. */
  private current(lane: Lane): Entry | undefined {
    for (let entry = lane.entries.peek(); entry; entry = lane.entries.peek()) {
      if (isCurrent(entry.run, entry.job)) return entry;
      lane.entries.pop();
    }
    return undefined;
  }

  private start({ run, job }: Entry, lane: Lane): void {
    const done = this.options.busy();
    this.inFlight += 1;
    this.concurrency.take(lane.limits);
    void this.options.call(run, job).finally(() => {
      this.inFlight -= 1;
      for (const freed of this.concurrency.release(lane.limits)) this.offerAgain(freed);
      this.pump();
      done();
    });
  }
}
