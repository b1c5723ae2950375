/** A binary min-heap: the queue's lanes and the clock's timers. */
export class Heap<T> {
  private readonly items: T[] = [];
  private readonly isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.isBefore = isBefore;
  }

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    const { items, isBefore } = this;
    let index = items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = items[parent];
      if (above === undefined || !isBefore(item, above)) break;
      items[index] = above;
      index = parent;
    }
    items[index] = item;
  }

  pop(): T | undefined {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length > 0 && last !== undefined) this.sink(last);
    return top;
  }

  /** Drops what no longer matters and rebuilds the order in one pass. */
  retain(keep: (item: T) => boolean): void {
    const kept = this.items.filter(keep);
    this.items.length = 0;
    for (const item of kept) this.push(item);
  }

  private sink(item: T): void {
    const { items, isBefore } = this;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let smallest = items[child];
      if (smallest === undefined) break;
      const right = items[child + 1];
      if (right !== undefined && isBefore(right, smallest)) {
        smallest = right;
        child += 1;
      }
      if (!isBefore(smallest, item)) break;
      items[index] = smallest;
      index = child;
    }
    items[index] = item;
  }
}
