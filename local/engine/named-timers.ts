import type { Clock, Timer } from "./clock.ts";

/** Timers with names. A new timer replaces the one with the same name. */
export class NamedTimers {
  private readonly clock: Clock;
  private readonly timers = new Map<string, Timer>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  has(name: string): boolean {
    return this.timers.has(name);
  }

  set(name: string, at: number, callback: () => void): void {
    this.clear(name);
    const timer = this.clock.at(at, () => {
      this.timers.delete(name);
      callback();
    });
    this.timers.set(name, timer);
  }

  clear(name: string): void {
    this.timers.get(name)?.cancel();
    this.timers.delete(name);
  }
}
