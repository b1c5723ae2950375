/** Holds answers back while it is closed. Opening it sends all of them, `release` only some, oldest first. */
export class Gate {
  #waiting: (() => void)[] = [];

  /** Resolves when the answer may go, or the caller has disconnected. */
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
