/** Counts the work in progress, so that a virtual clock moves only when nothing else can happen. */
export class Activity {
  private count = 0;
  private waiting: (() => void)[] = [];

  /** Counts work that begins. Call the returned function when the work has ended. */
  readonly begin = (): (() => void) => {
    this.count += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.end();
    };
  };

  /** Stops counting work that waits for the clock. Call the returned function when the work continues. */
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

  /** Resolves when no work is in progress, including the work that earlier work has caused. */
  async settled(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.count === 0) return;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }
}
