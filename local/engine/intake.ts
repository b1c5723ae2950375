import type { Clock, Timer } from "./clock.ts";
import { nextTick, tickId } from "./cron.ts";
import { hasEnded, type RunDocument, type StoredEvent, type Wait } from "./documents.ts";
import { durationOf } from "./duration.ts";
import {
  admit,
  concurrencyOf,
  keyOf,
  priorityOf,
  type Rate,
  type RateState,
  rateLimitOf,
  throttleOf,
} from "./flow.ts";
import { limits } from "./limits.ts";
import type { Notebook } from "./notebook.ts";
import type { FunctionConfig } from "./protocol.ts";
import { isBatched, type Registry } from "./registry.ts";
import { newRun } from "./runs.ts";
import { ulid } from "./ulid.ts";

/**
 * From an event to a run: everything that may stand in between. In the server's order: batch, rate limit, debounce,
 * idempotency, singleton.
 */
export type IntakeOptions = {
  clock: Clock;
  random: () => number;
  notebook: Notebook;
  registry: Registry;
  /** The run that holds a singleton's key. */
  findRun: (runId: string) => RunDocument | undefined;
  cancel: (run: RunDocument) => void;
  /** Takes over a new run. */
  opened: (run: RunDocument, events: StoredEvent[], cancels: Wait[]) => void;
  /** Takes in an event that the engine makes itself, without routing it. */
  accept: (event: { id: string; name: string; data: Record<string, unknown>; ts: number }) => StoredEvent;
  /** Something changed without a request that would commit it. */
  changed: () => void;
};

type Details = {
  cron?: string;
  batchId?: string;
  originalRunId?: string;
  once?: string;
  isDebounced?: boolean;
};
export type Outcome = "started" | "held" | "rate-limited" | "skipped";

type Debounced = { stored: StoredEvent; at: number; latest: number | null };
type Batch = { events: StoredEvent[]; at: number };
const isDebounced = (value: unknown): value is Debounced =>
  typeof value === "object" && value !== null && "stored" in value;
const isBatch = (value: unknown): value is Batch =>
  typeof value === "object" && value !== null && "events" in value;
const forever = Number.MAX_SAFE_INTEGER;

export class Intake {
  private readonly options: IntakeOptions;
  private readonly timers = new Map<string, Timer>();
  private readonly singletons = new Map<string, string>();

  constructor(options: IntakeOptions) {
    this.options = options;
  }

  /** An event meets a function that it triggers. */
  receive(fn: FunctionConfig, stored: StoredEvent): Outcome {
    if (isBatched(fn, stored.event)) return this.batch(fn, stored);
    return this.start(fn, [stored], {});
  }

  start(fn: FunctionConfig, stored: StoredEvent[], details: Details): Outcome {
    const [first] = stored;
    if (!first) return "skipped";
    const { notebook, clock } = this.options;
    const now = clock.now();
    if (!details.isDebounced) {
      if (this.isRateLimited(fn, first)) return "rate-limited";
      if (fn.debounce) return this.debounce(fn, first);
    }
    if (details.originalRunId === undefined && details.batchId === undefined) {
      // The sender's id makes an event once per function for a day; its own ULID is unique anyway.
      const once = `once|${fn.id}|${details.once ?? first.event.id}`;
      if (notebook.has(once, now)) return "skipped";
      if (details.once !== undefined || first.event.id !== first.internalId)
        notebook.set(once, 1, now + limits.idempotencyMs, now);
    }
    const singleton = fn.singleton && `${fn.id}|${keyOf(fn.singleton.key, first.event)}`;
    if (singleton !== undefined && !this.makeRoom(fn, singleton)) return "skipped";
    this.open(fn, stored, details, singleton);
    return "started";
  }

  private open(
    fn: FunctionConfig,
    stored: StoredEvent[],
    details: Details,
    singleton: string | undefined,
  ): void {
    const { clock, random, registry, opened } = this.options;
    const now = clock.now();
    const events = stored.map(({ event }) => event);
    const [event] = events;
    const appId = registry.get(fn.id)?.app.id;
    if (!event || appId === undefined) return;
    const throttle = throttleOf(fn, event);
    const { cron, batchId, originalRunId } = details;
    const run = newRun({
      id: ulid(now, random),
      functionId: fn.id,
      appId,
      queuedAt: now,
      events,
      eventIds: stored.map(({ internalId }) => internalId),
      priority: priorityOf(fn, event),
      limits: concurrencyOf(fn, event),
      ...(throttle ? { throttle } : {}),
      ...(singleton === undefined ? {} : { singleton }),
      ...(cron === undefined ? {} : { cron }),
      ...(batchId === undefined ? {} : { batchId }),
      ...(originalRunId === undefined ? {} : { originalRunId }),
    });
    if (singleton !== undefined) this.singletons.set(singleton, run.id);
    opened(run, stored, cancelsOf(fn, now));
  }

  private isRateLimited(fn: FunctionConfig, { event }: StoredEvent): boolean {
    const limited = rateLimitOf(fn);
    if (!limited) return false;
    const key = keyOf(limited.key, event);
    // The server takes a key that evaluates to false as "not for this event".
    if (key === "false") return false;
    return this.admit(`rate|${fn.id}|${key}`, limited.rate) !== undefined;
  }

  /** When the next start may be; undefined for now, which takes the place. */
  readonly throttle = ({ key, ...rate }: NonNullable<RunDocument["throttle"]>): number | undefined =>
    this.admit(key, rate);

  private admit(key: string, rate: Rate): number | undefined {
    const { notebook, clock } = this.options;
    const now = clock.now();
    const known = notebook.get(key, now);
    const result = admit(isRateState(known) ? known : undefined, rate, now);
    if ("retryAt" in result) return result.retryAt;
    notebook.set(key, result.state, result.state.theoreticalArrival, now);
    return undefined;
  }

  private makeRoom(fn: FunctionConfig, key: string): boolean {
    const holder = this.options.findRun(this.singletons.get(key) ?? "");
    if (!holder || hasEnded(holder)) return true;
    if (fn.singleton?.mode !== "cancel") return false;
    this.options.cancel(holder);
    return true;
  }

  /** A restart: the run holds its key again. */
  holds(run: RunDocument): void {
    if (run.singleton !== undefined) this.singletons.set(run.singleton, run.id);
  }

  runEnded(run: RunDocument): void {
    if (run.singleton !== undefined && this.singletons.get(run.singleton) === run.id)
      this.singletons.delete(run.singleton);
  }

  /** The last event counts, by its own time; each one puts the start off, at most until the timeout. */
  private debounce(fn: FunctionConfig, stored: StoredEvent): Outcome {
    const { notebook, clock } = this.options;
    const { period = "1s", timeout, key: expression } = fn.debounce ?? {};
    const key = `debounce|${fn.id}|${keyOf(expression, stored.event)}`;
    const now = clock.now();
    const open = notebook.get(key, now);
    const known = isDebounced(open) ? open : undefined;
    // An event that is older than the one held changes nothing.
    if (known && known.stored.event.ts > stored.event.ts) return "held";
    const latest = known ? known.latest : timeout === undefined ? null : now + durationOf(timeout);
    const at = debounceEnd(now, durationOf(period), latest);
    const value: Debounced = { stored, at, latest };
    notebook.set(key, value, forever, now);
    this.timer(key, at, () => this.endDebounce(fn.id, key));
    return "held";
  }

  private endDebounce(functionId: string, key: string): void {
    const { notebook, clock, registry } = this.options;
    const open = notebook.get(key, clock.now());
    notebook.delete(key);
    const fn = registry.get(functionId)?.fn;
    if (fn && isDebounced(open)) this.start(fn, [open.stored], { isDebounced: true });
    this.options.changed();
  }

  private batch(fn: FunctionConfig, stored: StoredEvent): Outcome {
    const { notebook, clock } = this.options;
    const { maxSize = 1, timeout = "1s", key: expression } = fn.batchEvents ?? {};
    const key = `batch|${fn.id}|${keyOf(expression, stored.event)}`;
    const now = clock.now();
    const open = notebook.get(key, now);
    const known = isBatch(open) ? open : undefined;
    const value: Batch = {
      events: [...(known?.events ?? []), stored],
      at: known?.at ?? now + durationOf(timeout),
    };
    notebook.set(key, value, forever, now);
    if (!known) this.timer(key, value.at, () => this.endBatch(fn.id, key));
    if (value.events.length >= maxSize) this.endBatch(fn.id, key);
    return "held";
  }

  private endBatch(functionId: string, key: string): void {
    const { notebook, clock, random, registry } = this.options;
    const open = notebook.get(key, clock.now());
    notebook.delete(key);
    this.untimer(key);
    const fn = registry.get(functionId)?.fn;
    if (fn && isBatch(open)) this.start(fn, open.events, { batchId: ulid(clock.now(), random) });
    this.options.changed();
  }

  private timer(key: string, at: number, callback: () => void): void {
    this.untimer(key);
    this.timers.set(
      key,
      this.options.clock.at(at, () => {
        this.timers.delete(key);
        callback();
      }),
    );
  }

  private untimer(key: string): void {
    this.timers.get(key)?.cancel();
    this.timers.delete(key);
  }

  /** After a restart: what was open when the engine went down goes on. */
  restore(): void {
    const { notebook } = this.options;
    for (const { key, value } of notebook.entries("debounce|"))
      if (isDebounced(value)) this.timer(key, value.at, () => this.endDebounce(functionOf(key), key));
    for (const { key, value } of notebook.entries("batch|"))
      if (isBatch(value)) this.timer(key, value.at, () => this.endBatch(functionOf(key), key));
  }

  /**
   * Sets a timer for each cron's next tick, and lets go of those that are gone. The next tick is noted: if the engine
   * is down when it comes, it is made up for once at the start, and further ticks that were missed are not.
   */
  schedule(): void {
    const { notebook, registry, clock } = this.options;
    const now = clock.now();
    const wanted = new Map(registry.crons().map((cron) => [`cron|${cron.fn.id}|${cron.expression}`, cron]));
    for (const { key } of notebook.entries("cron|")) {
      if (wanted.has(key)) continue;
      notebook.delete(key);
      this.untimer(key);
    }
    for (const [key, { fn, expression }] of wanted) {
      if (this.timers.has(key)) continue;
      const noted = notebook.get(key, now);
      this.nextTick(key, fn.id, expression, typeof noted === "number" ? noted : nextTick(expression, now));
    }
  }

  private nextTick(key: string, functionId: string, expression: string, time: number | undefined): void {
    if (time === undefined) return;
    const { notebook, clock, registry, accept, changed } = this.options;
    notebook.set(key, time, forever, clock.now());
    this.timer(key, time, () => {
      const now = clock.now();
      const fn = registry.get(functionId)?.fn;
      this.nextTick(key, functionId, expression, nextTick(expression, Math.max(time, now)));
      if (!fn) return;
      const id = tickId(time);
      const data = { cron: expression, scheduledAt: id, fireAt: id };
      const stored = accept({ id, name: "inngest/scheduled.timer", data, ts: time });
      this.start(fn, [stored], { cron: expression, once: `${expression}|${id}` });
      changed();
    });
  }
}

/**
 * The server counts the timeout in whole seconds, waits at least one, and adds a second and a bit so that no event
 * slips between. Events that come faster than that put a start off for ever, timeout or not.
 */
function debounceEnd(now: number, periodMs: number, latest: number | null): number {
  const isCut = latest !== null && now + periodMs > latest;
  const wait = isCut ? Math.max(1, Math.floor((latest - now) / 1_000)) * 1_000 : periodMs;
  return now + wait + 1_050;
}

const functionOf = (key: string): string => key.split("|")[1] ?? "";

const isRateState = (value: unknown): value is RateState =>
  typeof value === "object" && value !== null && "theoreticalArrival" in value;

const cancelsOf = (fn: FunctionConfig, now: number): Wait[] =>
  (fn.cancel ?? []).map(({ event, if: expression, timeout }, index) => ({
    id: `cancel-${index}`,
    kind: "cancel",
    event,
    expiresAt: now + (timeout === undefined ? limits.cancelTimeoutMs : durationOf(timeout)),
    ...(expression === undefined ? {} : { expression }),
  }));
