import { Activity } from "./activity.ts";
import { Apps } from "./apps.ts";
import { Calls } from "./calls.ts";
import type { Clock } from "./clock.ts";
import { hasEnded, type RunDocument } from "./documents.ts";
import type { EngineOptions } from "./engine-options.ts";
import { serverError } from "./errors.ts";
import { Executor } from "./executor.ts";
import { defaultHistory, History } from "./history.ts";
import { Intake } from "./intake.ts";
import { Journal } from "./journal.ts";
import { limits } from "./limits.ts";
import { Notebook } from "./notebook.ts";
import { Pauses } from "./pauses.ts";
import type { IncomingEvent, WireError } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { Registry } from "./registry.ts";
import { Router } from "./router.ts";
import * as runs from "./runs.ts";
import { Schedules } from "./schedules.ts";
import type { Document, Store } from "./store.ts";
import { ulid } from "./ulid.ts";
import { Meter, type Usage } from "./usage.ts";

/**
 * The engine: connects its parts to clock, network and store. There is one engine process, and only this process writes
 * to the store. Everything in its memory is derived from the documents, and is rebuilt from them after a restart.
 */
export class Engine {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly registry = new Registry();
  readonly history: History;
  readonly journal: Journal;
  readonly apps: Apps;
  readonly calls: Calls;
  private readonly store: Store;
  private readonly random: () => number;
  private readonly notebook = new Notebook();
  private readonly meter = new Meter(this.notebook);
  private readonly pauses = new Pauses();
  private readonly queue: Queue;
  private readonly executor: Executor;
  private readonly intake: Intake;
  private readonly router: Router;
  private readonly schedules: Schedules;

  constructor(options: EngineOptions) {
    this.clock = options.clock;
    this.store = options.store;
    this.activity = options.activity ?? new Activity();
    this.random = options.random ?? Math.random;
    const { transport, signingKey, retryIntervalMs, log = () => {} } = options;
    this.journal = new Journal({
      store: options.store,
      notebook: this.notebook,
      refused: (document, error) => this.refuse(document, error, log),
    });
    this.history = new History(options.history ?? defaultHistory, this.journal);
    const { clock, random, notebook, registry, journal, history, pauses } = this;
    const freshId = () => this.freshId();
    const flush = () => journal.flushLater(this.activity, log);

    this.apps = new Apps({
      registry,
      transport,
      signingKey,
      changed: (app) => {
        journal.appChanged(app);
        this.schedules.update();
      },
    });
    this.queue = new Queue({
      clock,
      random,
      maxInFlight: options.maxInFlight ?? limits.callsInFlight,
      call: (run, job) => this.calls.make(run, job),
      timerFired: (run, job) => {
        this.executor.move(run, (rules) => runs.timerFired(run, rules, job));
        flush();
      },
      throttle: (throttle) => this.intake.throttle(throttle),
      busy: this.activity.begin,
    });
    this.executor = new Executor({
      clock,
      random,
      retryIntervalMs,
      registry,
      journal,
      history,
      queue: this.queue,
      pauses,
      send: (event) => this.send(event),
      ended: (run) => {
        this.intake.runEnded(run);
        this.meter.runEnded(run, clock.now());
        this.router.runEnded(run);
      },
    });
    this.intake = new Intake({
      clock,
      random,
      notebook,
      registry,
      history,
      executor: this.executor,
      changed: flush,
    });
    const { intake, executor, queue } = this;
    this.router = new Router({ clock, registry, journal, history, pauses, intake, executor, freshId });
    this.schedules = new Schedules({
      clock,
      notebook,
      registry,
      tick: (tick) => {
        this.router.tick(tick);
        flush();
      },
    });
    this.calls = new Calls({
      registry,
      journal,
      transport,
      executor,
      checkpointing: options.checkpointing ?? true,
      signingKey,
      freshId,
      later: (run, job) => void clock.at(clock.now() + limits.storeRetryMs, () => queue.add(run, job)),
      over: flush,
    });
  }

  /** Reads the store, awaits `findApps`, which may register apps at new addresses, and continues the runs. */
  async restore(findApps: () => Promise<void> = async () => {}): Promise<void> {
    const { notes, apps, events, runs } = await this.store.load();
    this.notebook.load(notes);
    for (const app of apps) this.registry.register(app);
    await findApps();
    for (const event of events) this.history.addEvent(event);
    for (const run of runs) this.restoreRun(run);
    this.intake.restore(runs.filter((run) => !hasEnded(run)));
    this.schedules.start();
  }

  private restoreRun(run: RunDocument): void {
    this.history.addRun(run);
    if (hasEnded(run)) return this.history.runEnded(run);
    for (const wait of Object.values(run.waits)) this.pauses.add(run, wait);
    for (const job of Object.values(run.jobs)) this.queue.add(run, job);
  }

  /** Makes no further calls. */
  halt(): void {
    this.queue.stop();
  }

  async stop(): Promise<void> {
    this.halt();
    await this.journal.flush();
    await this.store.close();
  }

  freshId(): string {
    return ulid(this.clock.now(), this.random);
  }

  usage(): Usage {
    return this.meter.read(this.history.runs.values(), this.clock.now());
  }

  /** Accepts an event, and starts or wakes the runs that it concerns. An event with a known id changes nothing. */
  send(event: IncomingEvent, internalId = this.freshId()): string {
    this.router.send(event, internalId);
    return internalId;
  }

  cancel(run: RunDocument): void {
    this.executor.cancel(run);
  }

  /** A run that cannot be stored ends; an event that cannot be stored counts as not accepted. */
  private refuse(document: Document, error: Error, log: (message: string) => void): void {
    log(`The store cannot hold a document: ${error.message}`);
    if ("internalId" in document) this.history.forgetEvent(document);
    if (!("steps" in document) || hasEnded(document)) return;
    document.steps = {};
    this.fail(document, serverError("RunNotStorable", error.message));
  }

  /** Ends a run that uses something that is not modeled here. */
  fail(run: RunDocument, error: WireError): void {
    this.executor.move(run, (rules) => runs.fail(run, rules, error));
  }

  /** Starts a new run with this run's events. Returns the new id; undefined when the function no longer exists. */
  rerun(run: RunDocument): string | undefined {
    return this.router.rerun(run);
  }
}
