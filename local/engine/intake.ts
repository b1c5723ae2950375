import type { Clock } from "./clock.ts";
import { hasEnded, type RunDocument, type StoredEvent, type Wait } from "./documents.ts";
import { durationOf } from "./duration.ts";
import type { Executor } from "./executor.ts";
import {
  admit,
  concurrencyOf,
  priorityOf,
  type Rate,
  type RateState,
  rateLimitOf,
  ruleKeyOf,
  throttleOf,
} from "./flow.ts";
import type { History } from "./history.ts";
import { Holds } from "./holds.ts";
import { limits } from "./limits.ts";
import { type Notebook, noteKey } from "./notebook.ts";
import type { EventPayload, FunctionConfig } from "./protocol.ts";
import { isBatched, type Registry } from "./registry.ts";
import { newRun } from "./runs.ts";
import { ulid } from "./ulid.ts";

/**
 * Decides whether and when an event starts a run, in the server's order: batch, rate limit, debounce, idempotency,
 * singleton.
 */
export type IntakeOptions = {
  clock: Clock;
  random: () => number;
  notebook: Notebook;
  registry: Registry;
  history: History;
  executor: Executor;
  /** Called when a timer has started a run. The callback must commit the run, because no request will commit it. */
  changed: () => void;
};

export type Details = {
  cron?: string;
  batchId?: string;
  originalRunId?: string;
  /** The idempotency key: a function starts only once a day for each key. The default is the sender's event id. */
  once?: string;
  /** Whether rate limit and debounce have already been applied. */
  isAdmitted?: boolean;
};
export type Outcome = "started" | "held" | "rate-limited" | "skipped";

export class Intake {
  private readonly options: IntakeOptions;
  private readonly singletons = new Map<string, string>();
  private readonly holds: Holds;

  constructor(options: IntakeOptions) {
    this.options = options;
    this.holds = new Holds({
      ...options,
      debounced: (functionId, event) => this.startLater(functionId, [event], { isAdmitted: true }),
      batched: (functionId, events) => this.startLater(functionId, events, { batchId: this.freshId() }),
    });
  }

  /** Handles an event for one function that it triggers. */
  receive(fn: FunctionConfig, stored: StoredEvent): Outcome {
    if (!isBatched(fn, stored.event)) return this.start(fn, [stored], {});
    this.holds.batch(fn, stored);
    return "held";
  }

  start(fn: FunctionConfig, stored: StoredEvent[], details: Details): Outcome {
    const [first] = stored;
    if (!first) return "skipped";
    if (!details.isAdmitted) {
      if (this.isRateLimited(fn, first)) return "rate-limited";
      if (fn.debounce) {
        this.holds.debounce(fn, first);
        return "held";
      }
    }
    if (!this.isFirst(fn, first, details)) return "skipped";
    const { executor } = this.options;
    const run = this.runFor(fn, stored, first.event, details);
    const rule = fn.singleton && ruleKeyOf(fn.singleton.key, first.event);
    if (rule !== undefined) {
      const key = noteKey("singleton", fn.id, rule);
      if (!this.makeRoom(fn, key)) {
        executor.skip(run, stored);
        return "skipped";
      }
      run.singleton = key;
      this.singletons.set(key, run.id);
    }
    executor.open(run, stored, cancelsOf(fn, run.queuedAt));
    return "started";
  }

  private startLater(functionId: string, stored: StoredEvent[], details: Details): void {
    const fn = this.options.registry.get(functionId)?.fn;
    if (fn) this.start(fn, stored, details);
    this.options.changed();
  }

  private runFor(
    fn: FunctionConfig,
    stored: StoredEvent[],
    event: EventPayload,
    details: Details,
  ): RunDocument {
    const throttle = throttleOf(fn, event);
    const { cron, batchId, originalRunId } = details;
    const { clock } = this.options;
    const [first] = batchId === undefined && originalRunId === undefined ? stored : [];
    return newRun({
      id: this.freshId(),
      functionId: fn.id,
      appId: this.options.registry.get(fn.id)?.app.id ?? "",
      queuedAt: first ? clock.beginOf(first.event.ts) : clock.now(),
      events: stored.map(({ event }) => event),
      eventIds: stored.map(({ internalId }) => internalId),
      priority: priorityOf(fn, event),
      limits: concurrencyOf(fn, event),
      ...(throttle ? { throttle } : {}),
      ...(cron === undefined ? {} : { cron }),
      ...(batchId === undefined ? {} : { batchId }),
      ...(originalRunId === undefined ? {} : { originalRunId }),
    });
  }

  /**
   * An event that got an id from its sender starts each function once a day. Any other event has a ULID, which is
   * unique.
   */
  private isFirst(fn: FunctionConfig, { event, internalId }: StoredEvent, details: Details): boolean {
    if (details.originalRunId !== undefined || details.batchId !== undefined) return true;
    if (details.once === undefined && event.id === internalId) return true;
    const { notebook, clock } = this.options;
    const now = clock.now();
    const key = noteKey("once", fn.id, details.once ?? event.id);
    if (notebook.has(key, now)) return false;
    notebook.set(key, 1, now + limits.idempotencyMs, now);
    return true;
  }

  private isRateLimited(fn: FunctionConfig, { event }: StoredEvent): boolean {
    const limited = rateLimitOf(fn);
    if (!limited) return false;
    const key = ruleKeyOf(limited.key, event);
    return key !== undefined && this.admit(noteKey("rate", fn.id, key), limited.rate) !== undefined;
  }

  /** Returns when a run may start. Undefined means that the run starts now, and the start is counted. */
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
    const holder = this.options.history.runs.get(this.singletons.get(key) ?? "");
    if (!holder || hasEnded(holder)) return true;
    if (fn.singleton?.mode !== "cancel") return false;
    this.options.executor.cancel(holder);
    return true;
  }

  /** After a restart, unfinished runs hold their keys again, and delayed events continue. */
  restore(liveRuns: RunDocument[]): void {
    for (const { singleton, id } of liveRuns) if (singleton !== undefined) this.singletons.set(singleton, id);
    this.holds.restore();
  }

  runEnded({ singleton, id }: RunDocument): void {
    if (singleton !== undefined && this.singletons.get(singleton) === id) this.singletons.delete(singleton);
  }

  private freshId(): string {
    return ulid(this.options.clock.now(), this.options.random);
  }
}

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
