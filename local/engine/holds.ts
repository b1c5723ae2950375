import type { Clock } from "./clock.ts";
import type { StoredEvent } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { keyOf } from "./flow.ts";
import { NamedTimers } from "./named-timers.ts";
import { forever, type Notebook, noteKey } from "./notebook.ts";
import type { FunctionConfig } from "./protocol.ts";

/**
 * Events that start no run yet: a debounce keeps the last event, a batch collects many. Open debounces and batches
 * survive a restart.
 */
type Options = {
  clock: Clock;
  random: () => number;
  notebook: Notebook;
  /** Called when the debounce period has passed without a new event, or the batch is full or has waited long enough. */
  debounced: (functionId: string, event: StoredEvent) => void;
  batched: (functionId: string, events: StoredEvent[]) => void;
};

type Debounce = { functionId: string; stored: StoredEvent; at: number };
type Batch = { functionId: string; events: StoredEvent[]; at: number };

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isDebounce = (value: unknown): value is Debounce => isObject(value) && "stored" in value;
const isBatch = (value: unknown): value is Batch => isObject(value) && "events" in value;

export class Holds {
  private readonly options: Options;
  private readonly timers: NamedTimers;

  constructor(options: Options) {
    this.options = options;
    this.timers = new NamedTimers(options.clock);
  }

  /** The event with the latest time starts the run. Each newer event delays the start. */
  debounce(fn: FunctionConfig, stored: StoredEvent): void {
    const { notebook, clock } = this.options;
    const { period = "1s", key: expression } = fn.debounce ?? {};
    const key = noteKey("debounce", fn.id, keyOf(expression, stored.event));
    const now = clock.now();
    const open = notebook.get(key, now);
    const known = isDebounce(open) ? open : undefined;
    if (known && known.stored.event.ts > stored.event.ts) return;
    // Like the server, the engine adds a little more than a second to the period.
    const at = now + durationOf(period) + 1_050;
    const value: Debounce = { functionId: fn.id, stored, at };
    notebook.set(key, value, forever, now);
    this.timers.set(key, at, () => this.endDebounce(key));
  }

  /** The first event of a batch starts its timer. A full batch starts at once. */
  batch(fn: FunctionConfig, stored: StoredEvent): void {
    const { notebook, clock } = this.options;
    const { maxSize = 1, timeout = "1s", key: expression } = fn.batchEvents ?? {};
    const key = noteKey("batch", fn.id, keyOf(expression, stored.event));
    const now = clock.now();
    const open = notebook.get(key, now);
    const known = isBatch(open) ? open : undefined;
    const at = known?.at ?? now + durationOf(timeout);
    const value: Batch = { functionId: fn.id, events: [...(known?.events ?? []), stored], at };
    notebook.set(key, value, forever, now);
    if (!known) this.timers.set(key, at, () => this.endBatch(key));
    if (value.events.length >= maxSize) this.endBatch(key);
  }

  /** Continues open debounces and batches after a restart. */
  restore(): void {
    const { notebook } = this.options;
    for (const { key, value } of notebook.entries("debounce"))
      if (isDebounce(value)) this.timers.set(key, value.at, () => this.endDebounce(key));
    for (const { key, value } of notebook.entries("batch"))
      if (isBatch(value)) this.timers.set(key, value.at, () => this.endBatch(key));
  }

  private endDebounce(key: string): void {
    const open = this.take(key);
    if (isDebounce(open)) this.options.debounced(open.functionId, open.stored);
  }

  private endBatch(key: string): void {
    const open = this.take(key);
    if (isBatch(open)) this.options.batched(open.functionId, this.shuffled(open.events));
  }

  /** The server keeps no order within a batch, so the events are shuffled, to reveal code that relies on an order. */
  private shuffled(events: StoredEvent[]): StoredEvent[] {
    const ranked = events.map((event) => ({ event, rank: this.options.random() }));
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ event }) => event);
  }

  private take(key: string): unknown {
    const { notebook, clock } = this.options;
    const value = notebook.get(key, clock.now());
    notebook.delete(key);
    this.timers.clear(key);
    return value;
  }
}
