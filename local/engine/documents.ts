import type { EventPayload, WireError } from "./protocol.ts";

/**
 * The engine's whole state as plain JSON: one document per run, and one row per event. Everything else in memory
 * (queue, timers, indexes) is derived from these, and is rebuilt after a restart.
 */

export type RunStatus = "Scheduled" | "Running" | "Completed" | "Failed" | "Cancelled" | "Skipped";

/** A step's stored result, in the form that the SDK expects. */
export type Memo = null | { data: unknown } | { error: unknown } | EventPayload;

/** What a run has in the queue: a call to the app, or a timer, which makes no call. */
export type Job = {
  id: string;
  kind: "call" | "wake" | "timeout" | "start-timeout" | "finish-timeout";
  /** The earliest time of the call or of the timer, in epoch milliseconds. */
  at: number;
  attempt: number;
  /** The step that a planned call runs, or that a timer ends. */
  stepId?: string;
  /**
   * The group of steps that were reported together. When the last of these steps is done, one call asks for the
   * following step.
   */
  group?: string;
  race?: boolean;
  /** Whether this is the run's first call, which is throttled and limited by `timeouts.start`. */
  isStart?: boolean;
};

/** A run waits for an event, for an invoked function, or for an event that cancels it. */
export type Wait = {
  id: string;
  kind: "event" | "invoke" | "cancel";
  expiresAt: number;
  event?: string;
  expression?: string;
  stepId?: string;
  group?: string;
  race?: boolean;
};

/** The history of a run, for people and for billing: one line per call or step. */
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

  /** The version of the SDK's answers; -1 before the first answer. */
  requestVersion: number;
  /** Whether the SDK must report steps without running them. This is set while several steps are open at once. */
  planOnly: boolean;
  steps: Record<string, Memo>;
  /** Step ids in the order in which the steps were completed. The SDK resolves them in the same order. */
  stack: string[];
  /** The unfinished steps of the current parallel group. */
  pending: string[];

  jobs: Record<string, Job>;
  /**
   * The ids of all jobs that this run has ever had. The SDK reports some steps more than once, but each step gets only
   * one job.
   */
  seen: Record<string, 1>;
  waits: Record<string, Wait>;
  /** The approximate size of the steps' results, in bytes. */
  stateBytes: number;

  priority: number;
  limits: { key: string; limit: number }[];
  throttle?: { key: string; limit: number; burst: number; periodMs: number };
  singleton?: string;

  /** How often steps were attempted. Inngest bills each of these attempts, and the run itself. */
  stepAttempts: number;
  history: HistoryEntry[];
};

export type StoredEvent = {
  /** The ULID that `send()` returns; `event.id` is the sender's own id, if any. */
  internalId: string;
  event: EventPayload;
  receivedAt: number;
  runIds: string[];
};

export const hasEnded = (run: RunDocument): boolean => run.endedAt !== undefined;
