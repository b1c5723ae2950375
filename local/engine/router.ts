import type { Clock } from "./clock.ts";
import type { RunDocument, StoredEvent } from "./documents.ts";
import { correlationOf, endingEvents, invokedFunctionOf, toStored } from "./events.ts";
import type { Executor } from "./executor.ts";
import type { History } from "./history.ts";
import type { Intake } from "./intake.ts";
import type { Journal } from "./journal.ts";
import type { Pauses } from "./pauses.ts";
import type { EventPayload, IncomingEvent, WireError } from "./protocol.ts";
import type { Registry } from "./registry.ts";
import * as runs from "./runs.ts";
import type { Tick } from "./schedules.ts";

type Options = {
  clock: Clock;
  registry: Registry;
  journal: Journal;
  history: History;
  pauses: Pauses;
  intake: Intake;
  executor: Executor;
  freshId: () => string;
};

/** Finds what an event does: it starts functions, ends the waits of runs, and cancels runs. */
export class Router {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  /** Accepts an event. An event with a known id changes nothing. */
  send(event: IncomingEvent, internalId: string): void {
    if (this.options.history.events.has(internalId)) return;
    this.route(this.accept(event, internalId));
  }

  /** Starts a new run with this run's events. Returns the new id; undefined when the function no longer exists. */
  rerun({
    id: originalRunId,
    functionId,
    batchId,
    events,
    eventIds,
    queuedAt,
  }: RunDocument): string | undefined {
    const { registry, history, intake } = this.options;
    const fn = registry.get(functionId)?.fn;
    if (!fn) return undefined;
    const stored = events.map((event, index): StoredEvent => {
      const internalId = eventIds[index] ?? event.id;
      return history.events.get(internalId) ?? { internalId, event, receivedAt: queuedAt, runIds: [] };
    });
    const before = new Set(stored[0]?.runIds);
    const batch = batchId === undefined ? {} : { batchId };
    intake.start(fn, stored, { originalRunId, isAdmitted: true, ...batch });
    return stored[0]?.runIds.find((id) => !before.has(id));
  }

  tick({ fn, expression, id, time }: Tick): void {
    const data = { cron: expression, scheduledAt: id, fireAt: id };
    const event = { id, name: "inngest/scheduled.timer", data, ts: time };
    const stored = this.accept(event, this.options.freshId());
    this.options.intake.start(fn, [stored], { cron: expression, once: `${expression}|${id}` });
  }

  /** Notifies the step that invoked the run, and all listeners for the ends of runs. */
  runEnded({ id: runId, functionId, status, events, output: result, error }: RunDocument): void {
    const news = endingEvents({ functionId, runId, status, events, result, error });
    for (const event of events) {
      const answer = error ? { error } : { data: result ?? null };
      const ofThis = news.find(({ data }) => data?.["event"] === event);
      // A canceled run has neither result nor error, so the waiting step gets the whole event about the run's end.
      this.answerInvoke({ event }, status === "Cancelled" && ofThis ? this.payloadOf(ofThis) : answer);
    }
    for (const event of news) this.send(event, this.options.freshId());
  }

  private payloadOf(event: IncomingEvent): EventPayload {
    const { freshId, clock } = this.options;
    return toStored(event, freshId(), clock.now()).event;
  }

  private accept(event: IncomingEvent, internalId: string): StoredEvent {
    const { clock, history, journal } = this.options;
    const stored = toStored(event, internalId, clock.now());
    history.addEvent(stored);
    journal.eventChanged(stored);
    return stored;
  }

  private route(stored: StoredEvent): void {
    const { clock, pauses, registry, intake, executor } = this.options;
    const { event } = stored;
    // The waiting runs are looked up before new runs start, because an event must not wake or cancel a run that was
    // started by the same event.
    const paused = pauses.matching(event, clock.now());
    this.routeInvocation(stored);
    for (const fn of registry.startedBy(event)) intake.receive(fn, stored);
    for (const { run, wait } of paused) {
      if (wait.kind === "cancel") executor.cancel(run);
      else executor.move(run, (rules) => runs.resume(run, rules, wait.id, event));
    }
  }

  private routeInvocation(stored: StoredEvent): void {
    const { registry, intake } = this.options;
    const functionId = invokedFunctionOf(stored.event);
    if (functionId === undefined) return;
    const fn = registry.get(functionId)?.fn;
    const refuse = (message: string) => this.answerInvoke(stored, { error: { name: "Error", message } });
    if (!fn) return refuse(`could not find function with ID: ${functionId}`);
    if (intake.receive(fn, stored) === "rate-limited") refuse("invoked function is rate limited");
  }

  /** Passes an invoked function's result to the waiting step. */
  private answerInvoke(
    { event }: Pick<StoredEvent, "event">,
    result: { data: unknown } | { error: WireError } | EventPayload,
  ): void {
    const { history, executor } = this.options;
    const [runId = "", stepId = ""] = correlationOf(event)?.split(".") ?? [];
    const run = history.runs.get(runId);
    if (run) executor.move(run, (rules) => runs.resumeInvoke(run, rules, stepId, result));
  }
}
