import { NonRetriableError } from "inngest";
import { delayMs, type RetryPolicyName } from "#lib/engine/retry-policy.ts";
import { AppError, type ErrorCode, meaningOf } from "#lib/errors.ts";
import { fanOut } from "./fan-out.ts";
import type { Part, PartsRepository } from "./parts-repository.ts";
import { createPlanner } from "./plan-parts.ts";
import { MAX_STEPS, type Run, type StepTime, startTime } from "./steps.ts";

export type Parts = ReturnType<typeof createParts>;

/** The data of a fan-out event. Without `part`, its run works on the next free part until no part is left. */
export type PartRef = { parentJobId: string; part?: number | undefined };
type PartRun = Run & { event: { name: string; data: PartRef } };

/**
 * The result of one step of work on a part: the answer of its last `settle`, or how long the provider asked us to wait,
 * or "paused" when a person paused the job. After "paused" the part is free, and another run continues when the job is
 * resumed.
 */
export type Worked = "open" | "done" | "lost" | "paused" | { waitMs: number };

export type WorkOptions = {
  /** The policy for errors of a provider: the delay before each further try, and the number of tries of the run. */
  policy: RetryPolicyName;
};

type Outcome =
  | { state: "done" | "ended" | "gone" | "paused" }
  /** `settled`: how much of the part was settled when the step claimed it. */
  | { state: "open"; settled: number }
  /** Without `settled`, no part was claimed: another run has the part, or the plan is not complete. */
  | { state: "wait"; waitMs: number; settled?: number };

/** A request may run 60 s on Netlify, and the longest call to a provider takes 20 s. */
const STEP_MS = 35_000;
/** After this time the part of a dead claimant is free again: the time is longer than any step. */
const LEASE_MS = 120_000;
/** A run that waits this many times in a row without progress fails, because waiting does not help. */
const MAX_WAITS = 40;
/**
 * Fan-out in two functions. One function plans a job's work in parts and sends an event for each; the other works on
 * the part that its event names. The call that settles the last work ends the job. So a room needs no lease, claim or
 * progress counter of its own.
 */
export function createParts(parts: PartsRepository, { stepMs = STEP_MS } = {}) {
  return { plan: createPlanner(parts, stepMs), fanOut, work };

  /**
   * Claims the part of this run's event, and calls the room to work on it, step by step, until it is done. Safe to
   * repeat at any point, because settled work is not done again. Waiting uses no retries of the function, and our own
   * crashes use none of the tries of `policy`. When a run has used up its steps, `work` sends its event again, and
   * another run continues the part. A run fails when its steps are used up without progress, or when it has waited
   * `MAX_WAITS` times in a row without progress.
   */
  async function work(
    run: PartRun,
    options: WorkOptions,
    workOn: (part: Part, time: StepTime) => Promise<Worked>,
  ): Promise<{ state: Outcome["state"] }> {
    const { step, event, runId } = run;
    const settled = new Set<number>();
    let waits = 0;
    for (let steps = 0; steps < MAX_STEPS && waits < MAX_WAITS; steps++) {
      const outcome = await step.run(`work-${steps}`, () => workOneStep(event.data, runId, options, workOn));
      if (outcome.state !== "open" && outcome.state !== "wait") return outcome;
      const settledBefore = settled.size;
      if (outcome.settled !== undefined) settled.add(outcome.settled);
      if (outcome.state === "open" || settled.size > settledBefore) waits = 0;
      if (outcome.state === "wait") {
        waits++;
        // A sleep is a step too.
        await step.sleep(`wait-${steps++}`, outcome.waitMs);
      }
    }
    return endOfSteps(run, waits, settled.size > 1);
  }

  async function workOneStep(
    { parentJobId, part }: PartRef,
    claimant: string,
    { policy }: WorkOptions,
    workOn: (part: Part, time: StepTime) => Promise<Worked>,
  ): Promise<Outcome> {
    const time = startTime(stepMs);
    let settled = 0;
    do {
      const claim = await parts.claim({ jobId: parentJobId, part, claimant, leaseMs: LEASE_MS });
      if (claim.state === "busy") return { state: "wait", waitMs: claim.waitMs };
      if (claim.state !== "claimed") return claim;
      settled = claim.settled;
      const worked = await workOn(claim, time).catch((error: unknown) => meet(parts, error, claim, policy));
      if (typeof worked !== "string") {
        await parts.release(claim, { isProviderFailure: false, ...worked });
        return { state: "wait", waitMs: worked.waitMs, settled };
      }
      if (worked === "paused") return leave(parts, claim);
      if (worked === "done" && part !== undefined) return { state: "done" };
    } while (part === undefined && !time.isLate());
    return { state: "open", settled };
  }
}

/**
 * Another run continues the work, unless this run made no progress, or waited too often in a row. If this run
 * reprocesses a letter, the letter is resolved now, although the part is open; when the other run fails, its failure
 * writes a new letter.
 */
async function endOfSteps({ step, event, runId }: PartRun, waits: number, isProgress: boolean) {
  const { name, data } = event;
  if (waits < MAX_WAITS && isProgress) {
    await step.sendEvent("continue", { name, data, id: `${runId}:continue` });
    return { state: "open" as const };
  }
  // A retry would fail again, because the engine would return the stored results of these steps.
  const cause: { code: ErrorCode } = { code: "provider_rate_limited" };
  const after = waits < MAX_WAITS ? `${MAX_STEPS} steps` : `${MAX_WAITS} waits in a row`;
  throw new NonRetriableError(`The part is not done after ${after}`, { cause });
}

/** Frees the part of a paused job for the run that continues. */
async function leave(parts: PartsRepository, part: Part): Promise<Outcome> {
  await parts.release(part, { isProviderFailure: false });
  return { state: "paused" };
}

/**
 * Handles an error of the work. When the provider says how long to wait, the run waits for that time. After other
 * temporary errors of the provider, it waits as the policy says. The part counts these errors, but not our crashes.
 * When the policy allows no more tries, the run fails.
 */
async function meet(
  parts: PartsRepository,
  error: unknown,
  part: Part,
  policy: RetryPolicyName,
): Promise<{ waitMs: number; error: Error }> {
  if (!(error instanceof AppError) || !isTemporaryProviderFailure(error.code)) {
    await parts.release(part, { isProviderFailure: false, ...(error instanceof Error && { error }) });
    throw error;
  }
  if (error.retryAfterMs !== undefined) return { waitMs: error.retryAfterMs, error };
  const failures = await parts.release(part, { isProviderFailure: true, error });
  const retryAfterMs = delayMs(policy, failures, Math.random());
  if (retryAfterMs === undefined) throw new NonRetriableError(error.message, { cause: { code: error.code } });
  // The job and its campaign show this time as the end of the pause.
  await parts.release(part, { isProviderFailure: false, waitMs: retryAfterMs });
  throw new AppError(error.code, error.message, { cause: error, retryAfterMs });
}

const isTemporaryProviderFailure = (code: ErrorCode): boolean =>
  code.startsWith("provider_") && meaningOf(code).retry !== "stop";
