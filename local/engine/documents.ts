import type { EventPayload, WireError } from "./protocol.ts";

/**
 * The engine's whole truth, as plain JSON: one document per run and one row per event. Everything else in memory
 * (queue, timers, indices) is derived from these and built again after a restart.
 */

export type RunStatus = "Scheduled" | "Running" | "Completed" | "Failed" | "Cancelled" | "Skipped";

/** A step's memoised result, in the form in which the SDK wants it back. */
export type Memo = null | { data: unknown } | { error: unknown } | EventPayload;

/** Work that a run has in the queue: a call to the app, or a timer that needs none. */
export type Job = {
  id: string;
  kind: "call" | "wake" | "timeout" | "start-timeout" | "finish-timeout";
  /** When it may run, in ms. */
  at: number;
  attempt: number;
  /** A call for one planned step, or the step that a timer ends. */
  stepId?: string;
  /** Steps that were found together share one discovery when the last of them is done. */
  group?: string;
  race?: boolean;
  /** The first call of the run: throttled, and stopped by `timeouts.start`. */
  isStart?: boolean;
};

/** A run that waits for an event, for an invoked function, or to be cancelled. */
export type Wait = {
  id: string;
  kind: "event" | "invoke" | "cancel";
  expiresAt: number;
  event?: string;
  expression?: string;
  stepId?: string;
  group?: string;
  race?: boolean;
  /** The event that the wait itself sent must not end it. */
  notEvent?: string;
};

/** For people and for the bill: what happened in a run, one line per call or step. */
export type HistoryEntry = {
  at: number;
  what:
    | "queued"
    | "called"
    | "call-failed"
    | "step-planned"
    | "step-completed"
    | "step-errored"
    | "step-failed"
    | "sleeping"
    | "waiting"
    | "invoked"
    | "woke"
    | "ended";
  stepId?: string;
  name?: string;
  attempt?: number;
  note?: string;
};

export type RunDocument = {
  id: string;
  functionId: string;
  appId: string;
  eventIds: string[];
  events: EventPayload[];
  batchId?: string;
  cron?: string;
  originalRunId?: string;

  status: RunStatus;
  queuedAt: number;
  startedAt?: number;
  endedAt?: number;
  output?: unknown;
  error?: WireError;

  /** -1 until the SDK has answered once; then the version it answered with. */
  requestVersion: number;
  /** Tells the SDK to report steps instead of running them: set while several are found at once. */
  planOnly: boolean;
  steps: Record<string, Memo>;
  /** Step ids in order of completion: the SDK resolves them in this order. */
  stack: string[];
  /** The steps of the present parallel group that are not done. */
  pending: string[];

  jobs: Record<string, Job>;
  /** Every job id this run ever had: the SDK reports some steps more than once. */
  seen: Record<string, 1>;
  waits: Record<string, Wait>;
  /** Roughly what the steps' results weigh. */
  stateBytes: number;

  priority: number;
  limits: { key: string; limit: number }[];
  throttle?: { key: string; limit: number; burst: number; periodMs: number };
  singleton?: string;

  /** What Inngest bills: step attempts, and one more for the run itself. */
  stepAttempts: number;
  history: HistoryEntry[];
};

export type StoredEvent = {
  /** The ULID that `send()` returns; `event.id` is the sender's own id, if there is one. */
  internalId: string;
  event: EventPayload;
  receivedAt: number;
  runIds: string[];
};

export const hasEnded = (run: RunDocument): boolean => run.endedAt !== undefined;
