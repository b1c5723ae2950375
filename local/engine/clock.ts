import TinyQueue from "tinyqueue";

export type Timer = { cancel(): void };

/** The engine's only source of time, except for signatures, which always contain the real time. */
export type Clock = {
  now(): number;
  /** When the run of an event may begin: at the event's time if that is in the future, otherwise now. */
  beginOf(eventTime: number): number;
  /** Calls back when `now()` has reached `time`, but never before this function has returned. */
  at(time: number, callback: () => void): Timer;
};

type Entry = { time: number; order: number; callback: (() => void) | undefined; waiting: boolean };

const inOrder = (a: Entry, b: Entry): number => a.time - b.time || a.order - b.order;

/** Timers in the order of their time, then of their creation. A canceled timer releases its callback at once. */
class Timers {
  private heap = new TinyQueue<Entry>([], inOrder);
  private order = 0;
  private cancelled = 0;

  add(time: number, callback: () => void): Timer {
    const entry: Entry = { time, order: this.order++, callback, waiting: true };
    this.heap.push(entry);
    return {
      cancel: () => {
        if (!entry.callback) return;
        entry.callback = undefined;
        if (!entry.waiting) return;
        this.cancelled += 1;
        // Canceled timers are removed, so that they do not fill the heap. A run that ends cancels its timers, and a
        // timer may be due only in a year.
        if (this.cancelled > 64 && this.cancelled > this.heap.length / 2) {
          this.heap = new TinyQueue(
            this.heap.data.filter(({ callback }) => callback !== undefined),
            inOrder,
          );
          this.cancelled = 0;
        }
      },
    };
  }

  next(): number | undefined {
    for (let entry = this.heap.peek(); entry; entry = this.heap.peek()) {
      if (entry.callback) return entry.time;
      this.heap.pop();
      this.cancelled -= 1;
    }
    return undefined;
  }

  /** Fires the timers that are due. A timer that a callback sets for the same time fires in the next call of `fire`. */
  fire(now: number): void {
    const due: Entry[] = [];
    for (let time = this.next(); time !== undefined && time <= now; time = this.next()) {
      const entry = this.heap.pop();
      if (entry) due.push(entry);
    }
    for (const entry of due) entry.waiting = false;
    for (const entry of due) {
      const callback = entry.callback;
      entry.callback = undefined;
      callback?.();
    }
  }
}

/** setTimeout counts in 32 bits, so a longer wait is split. */
const longestTimeoutMs = 2 ** 31 - 1;

/** The machine's time. From `origin` on, time passes `scale` times as fast as real time. */
export function realClock({
  scale = 1,
  origin = Date.now(),
}: {
  scale?: number;
  origin?: number;
} = {}): Clock & { stop(): void } {
  const timers = new Timers();
  const now = scale === 1 ? () => Date.now() : () => origin + Math.floor((Date.now() - origin) * scale);
  let wake: NodeJS.Timeout | undefined;
  let wakeTime = Number.POSITIVE_INFINITY;
  let stopped = false;

  const arm = () => {
    const next = timers.next();
    if (stopped || next === undefined || next >= wakeTime) return;
    clearTimeout(wake);
    wakeTime = next;
    wake = setTimeout(ring, Math.min(Math.max(0, Math.ceil((next - now()) / scale)), longestTimeoutMs));
  };
  const ring = () => {
    wakeTime = Number.POSITIVE_INFINITY;
    if (stopped) return;
    timers.fire(now());
    arm();
  };

  return {
    now,
    beginOf: (eventTime) => Math.max(eventTime, now()),
    at(time, callback) {
      const timer = timers.add(time, callback);
      arm();
      return timer;
    },
    stop() {
      stopped = true;
      clearTimeout(wake);
    },
  };
}

export type VirtualClock = Clock & {
  /** The time of the next timer. */
  next(): number | undefined;
  /** Moves time forward, and fires the timers that are due. */
  turn(time: number): void;
  /** The clock of the app under test. When the app sleeps, time moves at once. */
  ofTheApp: { now(): Date; sleep(ms: number): Promise<void> };
};

/** A clock that only moves when a test moves it. */
export function virtualClock(start: number): VirtualClock {
  const timers = new Timers();
  let current = start;
  const turn = (time: number) => {
    current = Math.max(current, time);
    timers.fire(current);
  };
  return {
    now: () => current,
    // The SDK gives every event the machine's time, which may be later than the time of a stopped clock.
    beginOf: (eventTime) => (eventTime > Date.now() ? Math.max(eventTime, current) : current),
    at: (time, callback) => timers.add(time, callback),
    next: () => timers.next(),
    turn,
    ofTheApp: {
      now: () => new Date(current),
      sleep: async (ms) => turn(current + Math.ceil(ms)),
    },
  };
}
