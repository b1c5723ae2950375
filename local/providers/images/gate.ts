/** Where answers wait while they are held: all go when it opens, or some are let go one by one. */
export class Gate {
  #waiting: (() => void)[] = [];

  /** Resolves when let go, and when the caller has hung up. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#waiting.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  /** The oldest first. */
  release(count = this.#waiting.length): number {
    const free = this.#waiting.splice(0, count);
    for (const go of free) go();
    return free.length;
  }
}
