/**
 * Starts calls one by one, never closer than `intervalMs` to each other, however late the one before was. Places in
 * time come from the ledger and hold for all processes; but who comes late to his place stands too near to the next,
 * and a provider that counts the last second refuses that one.
 */
export class Spacing {
  readonly #intervalMs: number;
  #isFirst = true;
  /** When the last call in line was or will be started. */
  #last: Promise<number> = Promise.resolve(Number.NEGATIVE_INFINITY);

  /** Milliseconds; 0 lets everybody through at once. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  async hold<T>(call: () => Promise<T>): Promise<T> {
    if (this.#intervalMs === 0) return call();
    const own = this.#last.then(async (startedAt) => {
      await reach(startedAt + this.#intervalMs);
      const answer = call();
      // The first call opens the connection and arrives late by that: the interval begins with its answer.
      if (this.#isFirst) await Promise.allSettled([answer]);
      this.#isFirst = false;
      return { answer, startedAt: performance.now() };
    });
    this.#last = own.then(({ startedAt }) => startedAt);
    return (await own).answer;
  }
}

/** Timers are late, and at times a little early. */
async function reach(moment: number): Promise<void> {
  for (let now = performance.now(); now < moment; now = performance.now())
    await new Promise((resolve) => setTimeout(resolve, moment - now));
}
