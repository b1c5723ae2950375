import { setImmediate } from "node:timers/promises";

type Sleeper = { at: number; wake: () => void; fail: (reason: Error) => void };

/**
 * Virtual time in which computing costs nothing, for a process that works and sleeps in several places at once: time
 * moves to the next sleeper only when no call is under way. The clock of the test engine moves as soon as any one of
 * them sleeps, so with that clock the others seem slow.
 */
export function discreteTime(engine: { now(): Date; sleep(ms: number): Promise<void> }) {
  const sleepers: Sleeper[] = [];
  let calls = 0;
  let begun = 0;
  let hasEnded = false;
  const ended = () => new Error("The test has ended");

  /** No call is under way, and none has begun while the event loop went round several times. */
  async function quiet(): Promise<void> {
    for (let rounds = 0, seen = begun; rounds < 20; rounds += 1) {
      await setImmediate();
      if (calls === 0 && seen === begun) continue;
      rounds = 0;
      seen = begun;
    }
  }

  return {
    clock: {
      now: () => engine.now(),
      sleep: (ms: number) =>
        new Promise<void>((wake, fail) => {
          if (hasEnded) fail(ended());
          else sleepers.push({ at: engine.now().getTime() + Math.ceil(ms), wake, fail });
        }),
    },
    /** Wraps a call that takes no virtual time. */
    async during<T>(call: () => Promise<T>): Promise<T> {
      calls += 1;
      begun += 1;
      try {
        return await call();
      } finally {
        calls -= 1;
      }
    },
    /** All who sleep, or want to, fail from now on. */
    end() {
      hasEnded = true;
      for (const { fail } of sleepers.splice(0)) fail(ended());
    },
    /** Moves time by so many milliseconds, from sleeper to sleeper; the engine's own timers are at most 5 ms late. */
    async pass(ms: number): Promise<void> {
      const end = engine.now().getTime() + ms;
      for (;;) {
        await quiet();
        const now = engine.now().getTime();
        const due = sleepers.filter(({ at }) => at <= now);
        if (due.length > 0) {
          for (const sleeper of due) sleepers.splice(sleepers.indexOf(sleeper), 1);
          for (const { wake } of due) wake();
          continue;
        }
        if (now >= end) return;
        const next = Math.min(end, now + 5, ...sleepers.map(({ at }) => at));
        await engine.sleep(next - now);
      }
    },
  };
}
