import { createHash } from "node:crypto";
import type { Job, RunDocument } from "./documents.ts";
import { notModelled, wireError } from "./errors.ts";
import { limits } from "./limits.ts";
import { invoke, place, sleep, waitForEvent } from "./op-waits.ts";
import { outgrows, overflow, overflowState } from "./overflow.ts";
import type { Op } from "./protocol.ts";
import { enqueue, finish, note, remove, retry, saveStep, type Turn } from "./turn.ts";

/** The app's answer to one call that reported steps. */
export type Report = {
  ops: Op[];
  requestVersion: number;
  noRetry: boolean;
  retryAfter?: string | undefined;
  bytes: number;
};

/** Operations that were found but not run. Until they are done, no step after them can run. */
const planned = new Set(["StepPlanned", "Sleep", "WaitForEvent", "InvokeFunction"]);
const modelled = new Set([
  ...planned,
  "StepRun",
  "StepError",
  "StepFailed",
  "RunComplete",
  "DiscoveryRequest",
  "None",
]);

/** The names of refused operations for error messages. */
const spoken: Record<string, string> = {
  WaitForSignal: "step.waitForSignal()",
  Gateway: "step.fetch()",
  AIGateway: "step.ai.infer()",
  DeferAdd: "defer()",
  DeferAbort: "defer()",
};

/** Applies the steps that a call reported. */
export function applyReport(turn: Turn, job: Job, report: Report): void {
  const { run } = turn;
  const { ops } = report;
  if (run.requestVersion === -1) run.requestVersion = report.requestVersion;

  const refused = ops.find(({ op }) => !modelled.has(op));
  if (refused) {
    finish(turn, "Failed", { error: notModelled(spoken[refused.op] ?? `The step kind "${refused.op}"`) });
    return;
  }
  if (ops.length > limits.stepsPerRun) return overflow(turn);
  if (outgrows(run, ops, report.bytes)) return overflowState(turn);
  if (ops.every(({ op }) => op === "None")) return rediscover(turn, job);

  const group = openGroup(run, ops);
  // Waits come first, because an event that another step of the same answer causes must find them.
  const inOrder = ops.toSorted((a, b) => Number(b.op === "WaitForEvent") - Number(a.op === "WaitForEvent"));
  let isRetried = false;
  for (const op of inOrder) {
    if (run.endedAt !== undefined) return;
    isRetried = applyOp(turn, job, op, report, group) || isRetried;
  }
  if (!isRetried) remove(turn, job.id);
}

/**
 * Several steps at once are a parallel group. From now on the SDK must report steps without running them, until the
 * last step of the group is done. The SDK always reports all open steps.
 */
function openGroup(run: RunDocument, ops: Op[]): string | undefined {
  if (ops.length < 2) return undefined;
  run.planOnly = true;
  if (run.requestVersion < 2 || !ops.some(({ op }) => planned.has(op))) return undefined;
  run.pending = ops.map(({ id }) => id).filter((id) => !Object.hasOwn(run.steps, id));
  const ids = ops.map(({ id }) => id).toSorted();
  return createHash("sha1").update(ids.join()).digest("hex");
}

/** An answer without content can neither advance nor end a run, so the call is repeated. */
function rediscover(turn: Turn, job: Job): void {
  remove(turn, job.id);
  enqueue(turn, { id: `redrive-${turn.random()}`, kind: "call", at: turn.now });
}

/** Returns whether the engine will repeat the call. */
function applyOp(turn: Turn, job: Job, op: Op, report: Report, group: string | undefined): boolean {
  const race = op.opts["parallelMode"] === "race" || undefined;
  const name = op.displayName ?? op.name ?? op.id;
  const line = { stepId: op.id, name, attempt: job.attempt };
  switch (op.op) {
    case "StepRun":
      turn.run.stepAttempts += 1;
      note(turn, { what: "step-completed", ...line });
      saveStep(turn, op.id, { data: op.data ?? null }, { group: job.group, race });
      return false;
    case "StepError":
      if (!report.noRetry && job.attempt + 1 < turn.maxAttempts) {
        turn.run.stepAttempts += 1;
        note(turn, { what: "step-errored", ...line, note: wireError(op.error).message });
        retry(turn, job, report.retryAfter);
        return true;
      }
      failStep(turn, job, op, line);
      return false;
    case "StepFailed":
      failStep(turn, job, op, line);
      return false;
    case "StepPlanned": {
      const isNew = enqueue(turn, {
        id: `${op.id}-plan`,
        kind: "call",
        stepId: op.id,
        at: turn.now,
        ...place(group, race),
      });
      if (isNew) note(turn, { what: "step-planned", stepId: op.id, name });
      return false;
    }
    case "Sleep":
      sleep(turn, op, name, place(group, race));
      return false;
    case "WaitForEvent":
      waitForEvent(turn, op, name, place(group, race));
      return false;
    case "InvokeFunction":
      invoke(turn, op, name, place(group, race));
      return false;
    case "RunComplete":
      finish(turn, "Completed", { data: op.data ?? null });
      return false;
    case "DiscoveryRequest":
      enqueue(turn, { id: op.id, kind: "call", at: turn.now });
      return false;
    default:
      return false;
  }
}

type Line = { stepId: string; name: string; attempt: number };
function failStep(turn: Turn, job: Job, op: Op, line: Line): void {
  const error = wireError(op.error);
  turn.run.stepAttempts += 1;
  note(turn, { what: "step-failed", ...line, note: error.message });
  saveStep(turn, op.id, { error }, { group: job.group, race: job.race, suffix: "-failure" });
}
