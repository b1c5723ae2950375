import type { Order } from "./draw.ts";

/** An order with its outcome and its times. `gone`: the caller has disconnected. */
export type Entry = Order & {
  id: number;
  startedAt: string;
  endedAt: string | null;
  status: number | "drawing" | "gone";
};

const KEPT = 20_000;

/** All orders and their outcomes, in memory. */
export class DrawingRecord {
  readonly #clock: { now(): Date };
  #entries: Entry[] = [];
  #last = 0;
  #open = 0;
  #max = 0;

  constructor(clock: { now(): Date }) {
    this.#clock = clock;
  }

  start(order: Order): Entry {
    const entry: Entry = {
      ...order,
      id: ++this.#last,
      startedAt: this.#now(),
      endedAt: null,
      status: "drawing",
    };
    this.#entries.push(entry);
    if (this.#entries.length > KEPT) this.#entries = this.#entries.slice(KEPT / 2);
    this.#open += 1;
    this.#max = Math.max(this.#max, this.#open);
    return entry;
  }

  end(entry: Entry, status: number | "gone"): void {
    entry.status = status;
    entry.endedAt = this.#now();
    this.#open -= 1;
  }

  find = (id: number): Entry | undefined => this.#entries.find((entry) => entry.id === id);

  /** Newest first. */
  newest = (limit: number): Entry[] => this.#entries.slice(-limit).toReversed();

  stats() {
    const byStatus: Record<string, number> = {};
    for (const { status } of this.#entries) byStatus[status] = (byStatus[status] ?? 0) + 1;
    return { requests: this.#entries.length, byStatus, inFlight: this.#open, maxInFlight: this.#max };
  }

  /** Deletes the orders that have ended. */
  forget(): void {
    this.#entries = this.#entries.filter(({ status }) => status === "drawing");
    this.#max = this.#open;
  }

  #now = (): string => this.#clock.now().toISOString();
}
