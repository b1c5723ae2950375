/**
 * A closed gate holds answers back. When the gate opens, all answers are sent; `release` sends only some, oldest first.
 */
export class Gate {
  #waiting: (() => void)[] = [];

  /** Resolves when the answer may be sent, or the caller has disconnected. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      this.#waiting.push(resolve);
      const leave = () => {
        this.#waiting = this.#waiting.filter((one) => one !== resolve);
        resolve();
      };
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** The oldest first. */
  release(count = this.#waiting.length): number {
    const free = this.#waiting.splice(0, count);
    for (const go of free) go();
    return free.length;
  }
}
