import type { RunDocument } from "./documents.ts";

type Limits = RunDocument["limits"];

/** Counts the calls in flight under each concurrency key, and holds the runs that wait for such a call to end. */
export class Concurrency<Waiting> {
  private readonly inUse = new Map<string, number>();
  private readonly waiting = new Map<string, Set<Waiting>>();

  /** The key of the first limit that is reached. */
  fullKey(limits: Limits): string | undefined {
    return limits.find(({ key, limit }) => (this.inUse.get(key) ?? 0) >= limit)?.key;
  }

  take(limits: Limits): void {
    for (const { key } of limits) this.inUse.set(key, (this.inUse.get(key) ?? 0) + 1);
  }

  /** Lowers the counts, and returns the calls that waited for one of these keys. */
  release(limits: Limits): Waiting[] {
    return limits.flatMap(({ key }) => {
      const left = (this.inUse.get(key) ?? 1) - 1;
      if (left > 0) this.inUse.set(key, left);
      else this.inUse.delete(key);
      const waiting = [...(this.waiting.get(key) ?? [])];
      this.waiting.delete(key);
      return waiting;
    });
  }

  await(key: string, waiter: Waiting): void {
    const waiting = this.waiting.get(key) ?? new Set<Waiting>();
    this.waiting.set(key, waiting.add(waiter));
  }
}
