/** Counts what is under way, so that a virtual clock is only turned when nothing can happen without it. */
export class Activity {
  private count = 0;
  private waiting: (() => void)[] = [];

  /** Work has begun; call the result once when it is over. */
  readonly begin = (): (() => void) => {
    this.count += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.end();
    };
  };

  /** Work under way now waits for the clock itself; call the result when it goes on. */
  pause(): () => void {
    this.end();
    return () => void (this.count += 1);
  }

  private end(): void {
    this.count -= 1;
    if (this.count > 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const resume of waiting) resume();
  }

  async track<T>(work: () => Promise<T>): Promise<T> {
    const done = this.begin();
    try {
      return await work();
    } finally {
      done();
    }
  }

  /** Resolves when nothing is under way and nothing has begun because of that either. */
  async settled(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.count === 0) return;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
