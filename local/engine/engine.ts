import { z } from "zod";
import { Activity } from "./activity.ts";
import type { Clock } from "./clock.ts";
import { buildCall, identity, oversized, readAnswer, unreachable } from "./dispatch.ts";
import { hasEnded, type Job, type RunDocument, type StoredEvent, type Wait } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { serverError } from "./errors.ts";
import { correlationOf, endingEvents, invokedFunctionOf, toStored } from "./events.ts";
import { maxAttempts } from "./flow.ts";
import { History, type HistoryBounds } from "./history.ts";
import { Intake } from "./intake.ts";
import { Journal } from "./journal.ts";
import { limits } from "./limits.ts";
import { Notebook } from "./notebook.ts";
import { Pauses } from "./pauses.ts";
import { type IncomingEvent, type Op, syncAnswer, type WireError } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { type App, Registry } from "./registry.ts";
import * as runs from "./runs.ts";
import type { Store } from "./store.ts";
import type { Transport } from "./transport.ts";
import type { Change } from "./turn.ts";
import { ulid } from "./ulid.ts";
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
  log?: (message: string) => void;
};

export const defaultHistory: HistoryBounds = { runs: 5_000, events: 10_000, ageMs: 7 * 86_400_000 };

type Flight = { run: RunDocument; job: Job; generation: number };
const counts = z.object({ runs: z.number(), steps: z.number() }).default({ runs: 0, steps: 0 });
export type Usage = { runs: number; steps: number; executions: number };

export class Engine {
  readonly clock: Clock;
  readonly activity: Activity;
  readonly registry = new Registry();
  readonly history: History;
  readonly journal: Journal;
  private readonly options: EngineOptions;
  private readonly random: () => number;
  private readonly notebook = new Notebook();
  private readonly pauses = new Pauses();
  private readonly queue: Queue;
  private readonly intake: Intake;
  private readonly flights = new Map<string, Flight>();
  /** Grows over restarts without being stored: a call of an earlier life never has a number of this one. */
  private generation = Date.now() * 1_000;
  private counted: Omit<Usage, "executions"> = { runs: 0, steps: 0 };

  constructor(options: EngineOptions) {
    this.options = options;
    this.clock = options.clock;
    this.activity = options.activity ?? new Activity();
    this.random = options.random ?? Math.random;
    this.journal = new Journal(options.store, this.notebook);
    this.history = new History(options.history ?? defaultHistory, this.journal);
    this.intake = new Intake({
      clock: this.clock,
      random: this.random,
      notebook: this.notebook,
      registry: this.registry,
      findRun: (id) => this.history.runs.get(id),
      cancel: (run) => this.cancel(run),
      opened: (run, events, cancels) => this.opened(run, events, cancels),
      accept: (event) => this.accept(event, this.freshId()),
      changed: () => void this.flush(),
    });
    this.queue = new Queue({
      clock: this.clock,
      random: this.random,
      maxInFlight: options.maxInFlight ?? limits.callsInFlight,
      call: (run, job) => this.call(run, job),
      ring: (run, job) => this.ring(run, job),
      throttle: this.intake.throttle,
      busy: this.activity.begin,
    });
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

  register(appId: string, url: string, functions: { id: string }[]): boolean {
    const app: App = { id: appId, url, functions: readFunctions(functions) };
    if (!this.registry.register(app)) return false;
    this.journal.appChanged(app);
    this.intake.schedule();
    return true;
  }

  // --- events ---

  /** Takes in an event and starts or wakes what it concerns. An id that is known already changes nothing. */
  send(event: IncomingEvent, internalId = this.freshId()): string {
    if (this.history.events.has(internalId)) return internalId;
    this.route(this.accept(event, internalId));
    return internalId;
  }

  freshId(): string {
    return ulid(this.clock.now(), this.random);
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
    stored: Pick<StoredEvent, "event">,
    result: { data: unknown } | { error: WireError },
  ): void {
    const [runId = "", stepId = ""] = correlationOf(stored.event)?.split(".") ?? [];
    const run = this.history.runs.get(runId);
    if (run) this.apply(run, runs.resumeInvoke(run, this.rules(run), stepId, result));
  }

  // --- runs ---

  private rules(run: RunDocument): runs.Rules {
    const fn = this.registry.get(run.functionId)?.fn;
    const attempts = fn ? maxAttempts(fn) : limits.defaultRetries + 1;
    const { start, finish } = fn?.timeouts ?? {};
    return {
      now: this.clock.now(),
      random: this.random,
      maxAttempts: attempts,
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
    this.queue.dropAll(run.id);
    for (const wait of waits) this.pauses.remove(wait);
    this.intake.runEnded(run);
    this.counted = { runs: this.counted.runs + 1, steps: this.counted.steps + run.stepAttempts };
    this.notebook.set("usage", this.counted, Number.MAX_SAFE_INTEGER, this.clock.now());
    const error: WireError | undefined =
      run.error ??
      (run.status === "Cancelled" ? { name: "Error", message: "function cancelled" } : undefined);
    for (const event of run.events) {
      this.answerInvoke({ event }, error ? { error } : { data: run.output ?? null });
    }
    const { id, functionId, status, events, output } = run;
    for (const event of endingEvents({ functionId, runId: id, status, events, result: output, error }))
      this.send(event);
    this.history.runEnded(run);
    this.history.trim(this.clock.now());
  }

  cancel(run: RunDocument): void {
    this.apply(run, runs.cancel(run, this.rules(run)));
  }

  /** The same events again as a new run of its own. */
  rerun(run: RunDocument): string | undefined {
    const fn = this.registry.get(run.functionId)?.fn;
    if (!fn) return undefined;
    const events = run.eventIds.map((internalId, index) => {
      const known = this.history.events.get(internalId);
      const event = run.events[index];
      return known ?? (event && { internalId, event, receivedAt: run.queuedAt, runIds: [] });
    });
    const stored = events.filter((event) => event !== undefined);
    const before = new Set(stored[0]?.runIds);
    this.intake.start(fn, stored, {
      originalRunId: run.id,
      isDebounced: true,
      ...(run.batchId ? { batchId: run.batchId } : {}),
    });
    return stored[0]?.runIds.find((id) => !before.has(id));
  }

  private ring(run: RunDocument, job: Job): void {
    this.apply(run, runs.ring(run, this.rules(run), job));
    void this.flush();
  }

  // --- calls ---

  private async call(run: RunDocument, job: Job): Promise<void> {
    const found = this.registry.get(run.functionId);
    if (!found) {
      const message = `The function ${run.functionId} is no longer part of its app.`;
      return this.apply(run, runs.fail(run, this.rules(run), serverError("FunctionNotFound", message)));
    }
    this.apply(run, runs.begin(run, this.rules(run), job));
    const key = `${run.id}/${job.id}`;
    const flight: Flight = { run, job, generation: ++this.generation };
    this.flights.set(key, flight);
    try {
      // The result that led to this call must be safe before the app can see that it happened.
      await this.journal.flush();
      if (hasEnded(run) || run.jobs[job.id] !== job) return;
      const request = buildCall({
        fn: found.fn,
        run,
        job,
        jobKey: key,
        generation: flight.generation,
        requestId: this.freshId(),
        maxAttempts: maxAttempts(found.fn),
        checkpointing: this.options.checkpointing ?? true,
        signingKey: this.options.signingKey,
      });
      const answer = await this.options.transport(request).then(readAnswer, unreachable);
      this.apply(run, runs.receive(run, this.rules(run), job, answer));
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
      void this.flush();
    }
  }

  /**
   * Steps that a call under way has finished. False for a call that is no longer the present one: it was given up, the
   * engine has restarted or the run has ended, and the SDK must stop.
   */
  checkpoint(
    runId: string,
    jobKey: string,
    generation: number | undefined,
    ops: Op[],
    body: string,
  ): boolean {
    const flight = this.flights.get(jobKey);
    if (!flight || flight.run.id !== runId || hasEnded(flight.run)) return false;
    if (generation !== undefined && generation !== flight.generation) return false;
    const { run, job } = flight;
    const tooLarge = oversized(ops, body);
    if (tooLarge) this.apply(run, runs.fail(run, this.rules(run), tooLarge));
    else this.apply(run, runs.checkpoint(run, this.rules(run), job, { ops, bytes: body.length }));
    return !hasEnded(run);
  }

  // --- life ---

  /** Reads the store and takes up everything where it was left. */
  async restore(): Promise<void> {
    const snapshot = await this.options.store.load();
    this.notebook.load(snapshot.notes);
    this.counted = counts.parse(this.notebook.get("usage", this.clock.now()));
    for (const app of snapshot.apps) this.registry.register(app);
    for (const event of snapshot.events) this.history.addEvent(event);
    for (const run of snapshot.runs) {
      this.history.addRun(run);
      if (hasEnded(run)) {
        this.history.runEnded(run);
        continue;
      }
      this.intake.holds(run);
      for (const wait of Object.values(run.waits)) this.pauses.add(run, wait);
      for (const job of Object.values(run.jobs)) this.queue.add(run, job);
    }
    this.intake.restore();
    this.intake.schedule();
  }

  /** Runs that ended and the step attempts of all; as Inngest bills, each run and each step attempt is an execution. */
  usage(): Usage {
    let { runs: count, steps } = this.counted;
    for (const run of this.history.runs.values()) {
      if (hasEnded(run)) continue;
      count += 1;
      steps += run.stepAttempts;
    }
    return { runs: count, steps, executions: count + steps };
  }

  private flush(): Promise<void> {
    return this.activity.track(() => this.journal.flush());
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
}
