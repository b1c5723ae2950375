import { Activity } from "./activity.ts";
import { Calls } from "./calls.ts";
import type { Clock } from "./clock.ts";
import { identity } from "./dispatch.ts";
import { hasEnded, type Job, type RunDocument, type StoredEvent, type Wait } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { correlationOf, endingEvents, invokedFunctionOf, toStored } from "./events.ts";
import { maxAttempts } from "./flow.ts";
import { History, type HistoryBounds } from "./history.ts";
import { Intake } from "./intake.ts";
import { Journal } from "./journal.ts";
import { limits } from "./limits.ts";
import { Notebook } from "./notebook.ts";
import { Pauses } from "./pauses.ts";
import { type IncomingEvent, syncAnswer, type WireError } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { type App, Registry } from "./registry.ts";
import * as runs from "./runs.ts";
import { Schedules, type Tick } from "./schedules.ts";
import type { Store } from "./store.ts";
import type { Transport } from "./transport.ts";
import type { Change } from "./turn.ts";
import { ulid } from "./ulid.ts";
import { Meter, type Usage } from "./usage.ts";
import { readFunctions } from "./validate.ts";

/**
 * The engine proper: joins the pure parts to clock, network and store. One process, one writer; what it holds in
 * memory is derived from the documents and built again from them after a restart.
 */
export type EngineOptions = {
  clock: Clock;
  store: Store;
  transport: Transport;
  activity?: Activity;
  random?: () => number;
  signingKey?: string;
  checkpointing?: boolean;
  retryIntervalMs?: number;
  history?: HistoryBounds;
  maxInFlight?: number;
};

const defaultHistory: HistoryBounds = { runs: 5_000, events: 10_000, ageMs: 7 * 86_400_000 };

export class Engine {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly registry = new Registry();
  readonly history: History;
  readonly journal: Journal;
  readonly calls: Calls;
  private readonly options: EngineOptions;
  private readonly random: () => number;
  private readonly notebook = new Notebook();
  private readonly meter = new Meter(this.notebook);
  private readonly pauses = new Pauses();
  private readonly queue: Queue;
  private readonly intake: Intake;
  private readonly schedules: Schedules;

  constructor(options: EngineOptions) {
    this.options = options;
    this.clock = options.clock;
    this.activity = options.activity ?? new Activity();
    this.random = options.random ?? Math.random;
    this.journal = new Journal(options.store, this.notebook);
    this.history = new History(options.history ?? defaultHistory, this.journal);
    const { clock, random, notebook, registry, journal } = this;
    const flush = () => void this.activity.track(() => journal.flush());
    this.intake = new Intake({
      clock,
      random,
      notebook,
      registry,
      findRun: (id) => this.history.runs.get(id),
      cancel: (run) => this.cancel(run),
      opened: (run, events, cancels) => this.opened(run, events, cancels),
      changed: flush,
    });
    this.schedules = new Schedules({
      clock,
      notebook,
      registry,
      tick: (tick) => {
        this.tick(tick);
        flush();
      },
    });
    this.calls = new Calls({
      registry,
      journal,
      transport: options.transport,
      checkpointing: options.checkpointing ?? true,
      signingKey: options.signingKey,
      freshId: () => this.freshId(),
      rules: (run) => this.rules(run),
      apply: (run, changes) => this.apply(run, changes),
      over: flush,
    });
    this.queue = new Queue({
      clock,
      random,
      maxInFlight: options.maxInFlight ?? limits.callsInFlight,
      call: this.calls.make,
      ring: (run, job) => {
        this.ring(run, job);
        flush();
      },
      throttle: this.intake.throttle,
      busy: this.activity.begin,
    });
  }

  /** Reads the store and takes up everything where it was left. */
  async restore(): Promise<void> {
    const { notes, apps, events, runs } = await this.options.store.load();
    this.notebook.load(notes);
    for (const app of apps) this.registry.register(app);
    for (const event of events) this.history.addEvent(event);
    for (const run of runs) {
      this.history.addRun(run);
      if (hasEnded(run)) {
        this.history.runEnded(run);
        continue;
      }
      for (const wait of Object.values(run.waits)) this.pauses.add(run, wait);
      for (const job of Object.values(run.jobs)) this.queue.add(run, job);
    }
    this.intake.restore(runs.filter((run) => !hasEnded(run)));
    this.schedules.update();
  }

  /** Makes no further call. */
  halt(): void {
    this.queue.stop();
  }

  async stop(): Promise<void> {
    this.halt();
    await this.journal.flush();
    await this.options.store.close();
  }

  freshId(): string {
    return ulid(this.clock.now(), this.random);
  }

  usage(): Usage {
    return this.meter.read(this.history.runs.values(), this.clock.now());
  }

  // --- apps ---

  /** Asks an app for its functions and takes them in. Throws what it refuses, by name. */
  async sync(url: string): Promise<{ appId: string; changed: boolean }> {
    const body = JSON.stringify({ url });
    const headers = {
      "content-type": "application/json",
      "x-inngest-sync-kind": "in_band",
      ...identity(this.options.signingKey, body),
    };
    const answer = await this.options.transport({ method: "PUT", url, headers, body });
    if (answer.status !== 200)
      throw new Error(
        `${url} answered ${answer.status} when asked for its functions: ${answer.body.slice(0, 500)}`,
      );
    const parsed = syncAnswer.parse(JSON.parse(answer.body));
    return { appId: parsed.app_id, changed: this.register(parsed.app_id, url, parsed.functions) };
  }

  /** True if anything is new. */
  register(appId: string, url: string, functions: { id: string }[]): boolean {
    const app: App = { id: appId, url, functions: readFunctions(functions) };
    if (!this.registry.register(app)) return false;
    this.journal.appChanged(app);
    this.schedules.update();
    return true;
  }

  // --- events ---

  /** Takes in an event and starts or wakes what it concerns. An id that is known already changes nothing. */
  send(event: IncomingEvent, internalId = this.freshId()): string {
    if (this.history.events.has(internalId)) return internalId;
    this.route(this.accept(event, internalId));
    return internalId;
  }

  private accept(event: IncomingEvent, internalId: string): StoredEvent {
    const stored = toStored(event, internalId, this.clock.now());
    this.history.addEvent(stored);
    this.journal.eventChanged(stored);
    return stored;
  }

  private route(stored: StoredEvent): void {
    const { event } = stored;
    // Who waits now is looked up first: a run that this event starts must not be woken or cancelled by it.
    const paused = this.pauses.matching(event, this.clock.now());
    this.routeInvocation(stored);
    for (const fn of this.registry.startedBy(event)) this.intake.receive(fn, stored);
    for (const { run, wait } of paused) {
      if (wait.kind === "cancel") this.cancel(run);
      else this.apply(run, runs.resume(run, this.rules(run), wait.id, event));
    }
  }

  private tick({ fn, expression, id, time }: Tick): void {
    const data = { cron: expression, scheduledAt: id, fireAt: id };
    const stored = this.accept({ id, name: "inngest/scheduled.timer", data, ts: time }, this.freshId());
    this.intake.start(fn, [stored], { cron: expression, once: `${expression}|${id}` });
  }

  private routeInvocation(stored: StoredEvent): void {
    const functionId = invokedFunctionOf(stored.event);
    if (functionId === undefined) return;
    const fn = this.registry.get(functionId)?.fn;
    const refuse = (message: string) => this.answerInvoke(stored, { error: { name: "Error", message } });
    if (!fn) return refuse(`could not find function with ID: ${functionId}`);
    if (this.intake.receive(fn, stored) === "rate-limited") refuse("invoked function is rate limited");
  }

  /** Gives an invoked function's result to the step that waits for it. */
  private answerInvoke(
    { event }: Pick<StoredEvent, "event">,
    result: { data: unknown } | { error: WireError },
  ): void {
    const [runId = "", stepId = ""] = correlationOf(event)?.split(".") ?? [];
    const run = this.history.runs.get(runId);
    if (run) this.apply(run, runs.resumeInvoke(run, this.rules(run), stepId, result));
  }

  // --- runs ---

  cancel(run: RunDocument): void {
    this.apply(run, runs.cancel(run, this.rules(run)));
  }

  /** The same events again as a new run of its own. */
  rerun(run: RunDocument): string | undefined {
    const fn = this.registry.get(run.functionId)?.fn;
    if (!fn) return undefined;
    const stored = run.events.map((event, index): StoredEvent => {
      const internalId = run.eventIds[index] ?? event.id;
      return (
        this.history.events.get(internalId) ?? { internalId, event, receivedAt: run.queuedAt, runIds: [] }
      );
    });
    const before = new Set(stored[0]?.runIds);
    const { batchId, id: originalRunId } = run;
    this.intake.start(fn, stored, {
      originalRunId,
      isAdmitted: true,
      ...(batchId === undefined ? {} : { batchId }),
    });
    return stored[0]?.runIds.find((id) => !before.has(id));
  }

  private rules(run: RunDocument): runs.Rules {
    const fn = this.registry.get(run.functionId)?.fn;
    const { start, finish } = fn?.timeouts ?? {};
    return {
      now: this.clock.now(),
      random: this.random,
      maxAttempts: fn ? maxAttempts(fn) : limits.defaultRetries + 1,
      retryIntervalMs: this.options.retryIntervalMs,
      startTimeoutMs: start === undefined ? undefined : durationOf(start),
      finishTimeoutMs: finish === undefined ? undefined : durationOf(finish),
    };
  }

  private opened(run: RunDocument, events: StoredEvent[], cancels: Wait[]): void {
    this.history.addRun(run);
    for (const event of events) {
      event.runIds.push(run.id);
      this.journal.eventChanged(event);
    }
    this.apply(run, runs.open(run, this.rules(run), cancels));
  }

  private ring(run: RunDocument, job: Job): void {
    this.apply(run, runs.ring(run, this.rules(run), job));
  }

  /** Carries out what a transition asks for. */
  private apply(run: RunDocument, changes: Change[]): void {
    this.journal.runChanged(run);
    for (const change of changes) {
      if (change.type === "job") this.queue.add(run, change.job);
      else if (change.type === "job-over") this.queue.drop(run.id, change.jobId);
      else if (change.type === "wait") this.pauses.add(run, change.wait);
      else if (change.type === "wait-over") this.pauses.remove(change.wait);
      else if (change.type === "invoke") this.invoke(run, change);
      else this.ended(run, change.waits);
    }
  }

  private invoke(
    run: RunDocument,
    { functionId, stepId, stepName, data, v }: Change & { type: "invoke" },
  ): void {
    const metadata = {
      fn_id: functionId,
      correlation_id: `${run.id}.${stepId}`,
      source_fn_id: run.functionId,
      name: stepName,
    };
    this.send({
      name: "inngest/function.invoked",
      data: { ...data, _inngest: metadata },
      ...(v ? { v } : {}),
    });
  }

  private ended(run: RunDocument, waits: Wait[]): void {
    const now = this.clock.now();
    this.queue.dropAll(run.id);
    for (const wait of waits) this.pauses.remove(wait);
    this.intake.runEnded(run);
    this.meter.runEnded(run, now);
    this.history.runEnded(run);
    const { id: runId, functionId, status, events, output: result } = run;
    const error = run.error ?? (status === "Cancelled" ? cancelled : undefined);
    for (const event of events) this.answerInvoke({ event }, error ? { error } : { data: result ?? null });
    for (const event of endingEvents({ functionId, runId, status, events, result, error })) this.send(event);
    this.history.trim(now);
  }
}

const cancelled: WireError = { name: "Error", message: "function cancelled" };
