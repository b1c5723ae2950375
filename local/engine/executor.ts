import type { Clock } from "./clock.ts";
import type { RunDocument, StoredEvent, Wait } from "./documents.ts";
import { durationOf } from "./duration.ts";
import { maxAttempts } from "./flow.ts";
import type { History } from "./history.ts";
import type { Journal } from "./journal.ts";
import { limits } from "./limits.ts";
import type { Pauses } from "./pauses.ts";
import type { IncomingEvent } from "./protocol.ts";
import type { Queue } from "./queue.ts";
import type { Registry } from "./registry.ts";
import * as runs from "./runs.ts";
import type { Change } from "./turn.ts";

type Options = {
  clock: Clock;
  random: () => number;
  retryIntervalMs: number | undefined;
  registry: Registry;
  journal: Journal;
  history: History;
  queue: Queue;
  pauses: Pauses;
  send: (event: IncomingEvent) => void;
  /** Called after the run's last change, so that listeners can be notified. */
  ended: (run: RunDocument) => void;
};

/** Lets the state machine change a run, and executes the resulting changes. Only this part changes a run's document. */
export class Executor {
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  move(run: RunDocument, transition: (rules: runs.Rules) => Change[]): void {
    const { journal, queue, pauses, send } = this.options;
    const changes = transition(this.rules(run));
    journal.runChanged(run);
    for (const change of changes) {
      if (change.type === "job") queue.add(run, change.job);
      else if (change.type === "job-over") queue.drop(run.id, change.jobId);
      else if (change.type === "wait") pauses.add(run, change.wait);
      else if (change.type === "wait-over") pauses.remove(change.wait);
      else if (change.type === "invoke") send(invocation(run, change));
      else this.end(run, change.waits);
    }
  }

  cancel(run: RunDocument): void {
    this.move(run, (rules) => runs.cancel(run, rules));
  }

  open(run: RunDocument, events: StoredEvent[], cancels: Wait[]): void {
    this.enter(run, events);
    this.move(run, (rules) => runs.open(run, rules, cancels));
  }

  /**
   * Records a run that never starts, because another run of the singleton is running. The run is shown to people, but
   * no event says that it has ended.
   */
  skip(run: RunDocument, events: StoredEvent[]): void {
    this.enter(run, events);
    runs.skip(run);
    this.options.journal.runChanged(run);
    this.options.history.runEnded(run);
  }

  private enter(run: RunDocument, events: StoredEvent[]): void {
    const { history, journal } = this.options;
    history.addRun(run);
    for (const event of events) {
      event.runIds.push(run.id);
      journal.eventChanged(event);
    }
  }

  private end(run: RunDocument, waits: Wait[]): void {
    const { queue, pauses, history, clock, ended } = this.options;
    queue.dropAll(run.id);
    for (const wait of waits) pauses.remove(wait);
    history.runEnded(run);
    ended(run);
    history.trim(clock.now());
  }

  private rules(run: RunDocument): runs.Rules {
    const { clock, random, registry, retryIntervalMs } = this.options;
    const fn = registry.get(run.functionId)?.fn;
    const { start, finish } = fn?.timeouts ?? {};
    return {
      now: clock.now(),
      random,
      maxAttempts: fn ? maxAttempts(fn) : limits.defaultRetries + 1,
      retryIntervalMs,
      startTimeoutMs: start === undefined ? undefined : durationOf(start),
      finishTimeoutMs: finish === undefined ? undefined : durationOf(finish),
    };
  }
}

/**
 * The event that starts an invoked function. The event names the waiting step, so that the engine can pass the
 * function's result to the step.
 */
function invocation(
  run: RunDocument,
  { functionId, stepId, stepName, data, v }: Change & { type: "invoke" },
): IncomingEvent {
  const metadata = {
    fn_id: functionId,
    correlation_id: `${run.id}.${stepId}`,
    source_fn_id: run.functionId,
    name: stepName,
  };
  return {
    name: "inngest/function.invoked",
    data: { ...data, _inngest: metadata },
    ...(v ? { v } : {}),
  };
}
