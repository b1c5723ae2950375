import type { HistoryEntry, Job, Memo, RunDocument, RunStatus, Wait } from "./documents.ts";
import { limits, retryDelayMs } from "./limits.ts";
import type { WireError } from "./protocol.ts";

/**
 * Every change of a run's state is made by these operations. The operations change only the run's document. What the
 * engine must do (queue a call, set a timer, send an event) is collected as changes.
 */
export type Change =
  | { type: "job"; job: Job }
  | { type: "job-over"; jobId: string }
  | { type: "wait"; wait: Wait }
  | { type: "wait-over"; wait: Wait }
  | { type: "invoke"; stepId: string; stepName: string; functionId: string; data: object; v?: string }
  | { type: "ended"; waits: Wait[]; jobIds: string[] };

export type Turn = {
  run: RunDocument;
  now: number;
  random: () => number;
  maxAttempts: number;
  /** A fixed delay that replaces the server's table of delays, like the Dev Server's flag of the same name. */
  retryIntervalMs?: number | undefined;
  changes: Change[];
};

/** A long run's history would be larger than its state, so only its beginning and its end are kept. */
const longestHistory = 3_000;

export function note(turn: Turn, entry: Omit<HistoryEntry, "at">): void {
  const { history } = turn.run;
  if (history.length < longestHistory || entry.what === "ended") history.push({ at: turn.now, ...entry });
}

/** Adds work once. The SDK reports unresolved steps again (the losers of a race), which must change nothing. */
export function enqueue(turn: Turn, job: Omit<Job, "attempt">): boolean {
  const { run } = turn;
  if (run.seen[job.id]) return false;
  run.seen[job.id] = 1;
  put(turn, { ...job, attempt: 0 });
  return true;
}

function put(turn: Turn, job: Job): void {
  turn.run.jobs[job.id] = job;
  turn.changes.push({ type: "job", job });
}

export function remove(turn: Turn, jobId: string): void {
  if (!turn.run.jobs[jobId]) return;
  delete turn.run.jobs[jobId];
  turn.changes.push({ type: "job-over", jobId });
}

/** Repeats the call, after the time that the app asked for, or else after the server's own delay. */
export function retry(turn: Turn, job: Job, retryAfter: string | undefined): void {
  const { least, most } = limits.retryDelayMs;
  const asked = retryAfter === undefined ? undefined : retryMoment(retryAfter, turn.now);
  const delay =
    asked === undefined
      ? (turn.retryIntervalMs ?? retryDelayMs(job.attempt, turn.random))
      : Math.min(Math.max(asked - turn.now, least), most);
  put(turn, { ...job, attempt: job.attempt + 1, at: turn.now + delay });
}

/** A short `retry-after` is a number of seconds; a long one is a date. */
function retryMoment(text: string, now: number): number | undefined {
  if (text.length <= 7) return /^\d+$/.test(text) ? now + Number(text) * 1_000 : undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : date;
}

export type Place = { group?: string | undefined; race?: boolean | undefined; suffix?: string };

/** Stores the result of a step. Only the first result counts. */
export function memoise(run: RunDocument, stepId: string, memo: Memo): void {
  if (!Object.hasOwn(run.steps, stepId)) {
    run.steps[stepId] = memo;
    run.stack.push(stepId);
  }
  if (run.pending.length > 0) run.pending = run.pending.filter((id) => id !== stepId);
}

/**
 * Stores a step's result, and queues a call that asks the app for the next step. In a parallel group only the last step
 * queues a call, whose id is the same for the whole group, because otherwise the following code would run several
 * times. In a race each step queues a call.
 */
export function saveStep(turn: Turn, stepId: string, memo: Memo, { group, race, suffix = "" }: Place): void {
  const { run } = turn;
  memoise(run, stepId, memo);
  if (run.pending.length > 0 && !race) return;
  if (run.requestVersion >= 2) run.planOnly = false;
  const id = group !== undefined && !race ? `${group}-discover` : `${stepId}${suffix}`;
  enqueue(turn, { id, kind: "call", at: turn.now });
}

export function wait(turn: Turn, wait: Wait): void {
  turn.run.waits[wait.id] = wait;
  turn.changes.push({ type: "wait", wait });
}

export function endWait(turn: Turn, wait: Wait): void {
  delete turn.run.waits[wait.id];
  turn.changes.push({ type: "wait-over", wait });
}

type Ending = { data?: unknown; error?: WireError };

/** Ends the run for good, and discards the other changes of this turn. */
export function finish(turn: Turn, status: RunStatus, { data, error }: Ending): void {
  const { run } = turn;
  note(turn, { what: "ended", note: status });
  run.status = status;
  run.endedAt = turn.now;
  if (data !== undefined) run.output = data;
  if (error !== undefined) run.error = error;
  turn.changes = [{ type: "ended", waits: Object.values(run.waits), jobIds: Object.keys(run.jobs) }];
  // An ended run stays readable for a while. Fields that only an unfinished run needs are emptied now.
  run.jobs = {};
  run.waits = {};
  run.seen = {};
  run.pending = [];
}
