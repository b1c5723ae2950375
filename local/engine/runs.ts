import { hasEnded, type Job, type Memo, type RunDocument, type Wait } from "./documents.ts";
import { limits } from "./limits.ts";
import { applyReport, type Report } from "./ops.ts";
import { outgrows, overflow, overflowState } from "./overflow.ts";
import type { EventPayload, WireError } from "./protocol.ts";
import {
  type Change,
  endWait,
  enqueue,
  finish,
  memoise,
  note,
  remove,
  retry,
  saveStep,
  type Turn,
  wait,
} from "./turn.ts";

/**
 * The state machine of a run. Each function takes the run's document, what happened to the run, and the time. The
 * function changes the document to its next state, and returns what the engine must do. The state machine uses no
 * clock, network or store, so the same input always gives the same result, and durable execution can be tested as pure
 * functions.
 */

export type Rules = Pick<Turn, "now" | "random" | "maxAttempts" | "retryIntervalMs"> & {
  startTimeoutMs?: number | undefined;
  finishTimeoutMs?: number | undefined;
};

export type Answer =
  | ({ kind: "steps" } & Report)
  | { kind: "returned"; data: unknown }
  | { kind: "failed"; error: WireError; raw?: unknown; noRetry: boolean; retryAfter?: string | undefined };

type Move = (turn: Turn) => void;

/** Changes a run. Results, timers and events that come after the run's end are ignored. */
function advance(run: RunDocument, rules: Rules, move: Move): Change[] {
  if (hasEnded(run)) return [];
  const turn: Turn = { run, ...rules, changes: [] };
  move(turn);
  return turn.changes;
}

export type NewRun = Pick<
  RunDocument,
  "id" | "functionId" | "appId" | "eventIds" | "events" | "priority" | "limits" | "queuedAt"
> &
  Partial<Pick<RunDocument, "batchId" | "cron" | "originalRunId" | "throttle" | "singleton">>;

export function newRun(given: NewRun): RunDocument {
  return {
    ...given,
    status: "Scheduled",
    requestVersion: -1,
    planOnly: false,
    steps: {},
    stack: [],
    stateBytes: 0,
    pending: [],
    jobs: {},
    seen: {},
    waits: {},
    stepAttempts: 0,
    history: [{ at: given.queuedAt, what: "queued" }],
  };
}

/** Queues the first call for the time when the run may begin, and registers the waits that may cancel it. */
export const open = (run: RunDocument, rules: Rules, cancels: Wait[]): Change[] =>
  advance(run, rules, (turn) => {
    for (const cancel of cancels) wait(turn, cancel);
    enqueue(turn, { id: "start", kind: "call", at: run.queuedAt, isStart: true });
    if (rules.startTimeoutMs !== undefined)
      enqueue(turn, { id: "start-timeout", kind: "start-timeout", at: run.queuedAt + rules.startTimeoutMs });
  });

/** Ends a run before it begins, because another run of the singleton is running. Skipping has no other effect. */
export function skip(run: RunDocument): void {
  run.status = "Skipped";
  run.endedAt = run.queuedAt;
  run.history.push({
    at: run.queuedAt,
    what: "ended",
    note: "Skipped: a run with the same singleton key is under way",
  });
}

/** Before a call: counts the steps, and starts the run's own timeout. */
export const begin = (run: RunDocument, rules: Rules, job: Job): Change[] =>
  advance(run, rules, (turn) => {
    if (run.stack.length >= limits.stepsPerRun) return overflow(turn);
    if (run.startedAt === undefined) {
      run.startedAt = turn.now;
      run.status = "Running";
      remove(turn, "start-timeout");
      if (rules.finishTimeoutMs !== undefined)
        enqueue(turn, { id: "finish-timeout", kind: "finish-timeout", at: turn.now + rules.finishTimeoutMs });
    }
    note(turn, { what: "called", attempt: job.attempt, ...(job.stepId ? { stepId: job.stepId } : {}) });
  });

/** After a call: handles steps, a return value, or an error outside of any step. */
export const receive = (run: RunDocument, rules: Rules, job: Job, answer: Answer): Change[] =>
  advance(run, rules, (turn) => {
    if (run.jobs[job.id] !== job) return;
    if (answer.kind === "steps") return applyReport(turn, job, answer);
    if (answer.kind === "returned") return finish(turn, "Completed", { data: answer.data ?? null });
    note(turn, { what: "call-failed", attempt: job.attempt, note: answer.error.message });
    if (!answer.noRetry && job.attempt + 1 < turn.maxAttempts) return retry(turn, job, answer.retryAfter);
    finish(turn, "Failed", { data: answer.raw, error: answer.error });
  });

/**
 * Saves steps that a running call has finished, before the call continues. Nothing is queued, because the call itself
 * continues. The next step starts with no retries used.
 */
export const checkpoint = (
  run: RunDocument,
  rules: Rules,
  job: Job,
  { ops, bytes }: Pick<Report, "ops" | "bytes">,
): Change[] =>
  advance(run, rules, (turn) => {
    if (outgrows(run, ops, bytes)) return overflowState(turn);
    for (const { id, op, data, displayName } of ops) {
      if (op !== "StepRun" || Object.hasOwn(run.steps, id)) continue;
      run.stepAttempts += 1;
      note(turn, { what: "step-completed", stepId: id, name: displayName ?? id, attempt: job.attempt });
      memoise(run, id, { data: data ?? null });
    }
    job.attempt = 0;
  });

/** A timer has fired: a sleep has ended, or a wait or the whole run has reached its time limit. */
export const timerFired = (run: RunDocument, rules: Rules, job: Job): Change[] =>
  advance(run, rules, (turn) => {
    if (run.jobs[job.id] !== job) return;
    if (job.kind === "start-timeout" || job.kind === "finish-timeout") return finish(turn, "Cancelled", {});
    if (job.stepId === undefined) return;
    const { stepId, group, race } = job;
    remove(turn, job.id);
    if (job.kind === "wake") {
      note(turn, { what: "woke", stepId });
      return saveStep(turn, stepId, null, { group, race, suffix: "-wake" });
    }
    const waited = run.waits[stepId];
    if (!waited) return;
    endWait(turn, waited);
    note(turn, { what: "woke", stepId, note: "timed out" });
    saveStep(turn, stepId, waited.kind === "invoke" ? invokeTimeout : null, {
      group,
      race,
      suffix: "-timeout",
    });
  });

const invokeTimeout: Memo = {
  error: {
    name: "InngestInvokeTimeoutError",
    message: "Timed out waiting for invoked function to complete",
  },
};

/** The event that a step waited for has arrived. */
export const resume = (run: RunDocument, rules: Rules, waitId: string, event: EventPayload): Change[] =>
  advance(run, rules, (turn) => settle(turn, waitId, event));

/** An invoked function has ended. */
export const resumeInvoke = (
  run: RunDocument,
  rules: Rules,
  stepId: string,
  result: { data: unknown } | { error: WireError } | EventPayload,
): Change[] => advance(run, rules, (turn) => settle(turn, stepId, result));

function settle(turn: Turn, waitId: string, memo: Memo): void {
  const waited = turn.run.waits[waitId];
  if (!waited || waited.kind === "cancel") return;
  endWait(turn, waited);
  remove(turn, waited.id);
  note(turn, { what: "woke", stepId: waitId });
  saveStep(turn, waitId, memo, { group: waited.group, race: waited.race, suffix: "-event" });
}

export const cancel = (run: RunDocument, rules: Rules): Change[] =>
  advance(run, rules, (turn) => finish(turn, "Cancelled", {}));

export const fail = (run: RunDocument, rules: Rules, error: WireError): Change[] =>
  advance(run, rules, (turn) => finish(turn, "Failed", { error }));
