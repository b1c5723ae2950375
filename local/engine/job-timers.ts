import type { Clock, Timer } from "./clock.ts";

/**
 * The timers of runs, by job. A timer that is not needed any more is removed at once. Otherwise a timer could stay in
 * memory for a year.
 */
export class JobTimers {
  private readonly clock: Clock;
  private readonly timers = new Map<string, Map<string, Timer>>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  set(runId: string, jobId: string, at: number, callback: () => void): void {
    const timer = this.clock.at(at, () => {
      this.forget(runId, jobId);
      callback();
    });
    const timers = this.timers.get(runId) ?? new Map<string, Timer>();
    timers.set(jobId, timer);
    this.timers.set(runId, timers);
  }

  drop(runId: string, jobId: string): void {
    this.timers.get(runId)?.get(jobId)?.cancel();
    this.forget(runId, jobId);
  }

  dropAll(runId: string): void {
    for (const timer of this.timers.get(runId)?.values() ?? []) timer.cancel();
    this.timers.delete(runId);
  }

  private forget(runId: string, jobId: string): void {
    const timers = this.timers.get(runId);
    timers?.delete(jobId);
    if (timers?.size === 0) this.timers.delete(runId);
  }
}
