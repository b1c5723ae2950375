import { type EventPayload, type GetStepTools, type Inngest, NonRetriableError } from "inngest";
import { delayMs, type RetryPolicyName } from "#lib/engine/retry-policy.ts";
import { AppError, type ErrorCode, meaningOf } from "#lib/errors.ts";
import type { Part, PartsRepository, Piece, Plan } from "./parts-repository.ts";

export type Parts = ReturnType<typeof createParts>;

type Steps = Pick<GetStepTools<Inngest.Any>, "run" | "sleep" | "sendEvent">;
type Run = { step: Steps; runId: string; event: { id?: string | undefined; data: unknown } };
/** What the event of a fan-out names. Without `part` its run works on the next free one, until none is left. */
export type PartRef = { parentJobId: string; part?: number | undefined };
type PartRun = Run & { event: { data: PartRef } };

/** One step's share of time: nothing long should begin once it is late. */
export type StepTime = { isLate(): boolean };

/** What a room did with a part in one step: the answer of its last settle, or how long somebody outside wants us away. */
export type Worked = "open" | "done" | "lost" | { waitMs: number };

export type WorkOptions = {
  /** How trouble outside is met: the pause before each further try, and after how many the run fails. */
  policy: RetryPolicyName;
  /** Parts of one job at work at once; left out, the function's concurrency is the limit. */
  atOnce?: number;
  /** Stands before the claim in every step; what it throws ends the step. */
  before?: () => Promise<void>;
};

type Outcome = { state: "open" | "done" | "ended" | "gone" } | { state: "wait"; waitMs: number };

/** A request lives 60 s on Netlify, and the longest call outside takes 20. */
const STEP_MS = 35_000;
/** A dead claimant's part is free again after this: one step's longest life and a margin. */
const LEASE_MS = 120_000;
/** A run that waits so often in a row has met something that waiting does not cure. */
const MAX_WAITS = 40;
/** Inngest ends a run after 1,000 steps. */
const MAX_STEPS = 500;
/** The free plan of Inngest takes requests of 256 KiB. */
const MAX_REQUEST_BYTES = 200_000;

/**
 * Fan-out in two functions: one plans a job's work in parts and sends an event for each, the other works on the part
 * that its event names. The settle that leaves nothing ends the job. A room has no lease, claim or progress of its own.
 */
export function createParts(parts: PartsRepository, { stepMs = STEP_MS } = {}) {
  const startTime = (): StepTime => {
    const end = performance.now() + stepMs;
    return { isLate: () => performance.now() >= end };
  };
  return { plan, fanOut, work };

  /** Plans the job of this run piece by piece, in as many steps as that takes. A repeated step goes on where it was. */
  async function plan(
    { step, event, runId }: Run,
    functionId: string,
    cut: (plan: Plan, time: StepTime) => Promise<Piece>,
  ): Promise<Plan> {
    for (let round = 0; round < MAX_STEPS; round++) {
      const plan = await step.run(`plan-${round}`, async () => {
        const time = startTime();
        let plan = await parts.open(event.id ?? runId, functionId);
        while (!plan.planned && !time.isLate())
          plan = await parts.add(plan.jobId, plan.cursor, await cut(plan, time));
        return plan;
      });
      if (plan.planned) return plan;
    }
    throw new NonRetriableError(`The plan is not complete after ${MAX_STEPS} steps`);
  }

  /**
   * Sends an event for each part, many in one request. Their ids come from the run: a repeated step is told apart from a
   * replay, which must be able to send again.
   */
  async function fanOut(
    { step, runId }: Run,
    { jobId, parts: count }: Pick<Plan, "jobId" | "parts">,
    eventOf: (ref: { parentJobId: string; part: number }) => EventPayload,
  ): Promise<void> {
    let request: EventPayload[] = [];
    let bytes = 0;
    for (let part = 1; part <= count; part++) {
      const event = { ...eventOf({ parentJobId: jobId, part }), id: `${runId}:${part}` };
      const size = Buffer.byteLength(JSON.stringify(event));
      if (bytes + size > MAX_REQUEST_BYTES) {
        await step.sendEvent(`fan-out-${part}`, request);
        [request, bytes] = [[], 0];
      }
      request.push(event);
      bytes += size;
    }
    if (request.length > 0) await step.sendEvent("fan-out", request);
  }

  /**
   * Claims the part of this run's event and has the room work on it, step by step, until it is done. Safe to repeat at
   * any point: what is settled stays. Waits use up no tries, and our own deaths none of those that `policy` gives.
   */
  async function work(
    { step, event, runId }: PartRun,
    options: WorkOptions,
    workOn: (part: Part, time: StepTime) => Promise<Worked>,
  ): Promise<{ state: Outcome["state"] }> {
    for (let steps = 0, waits = 0; steps < MAX_STEPS && waits < MAX_WAITS; steps++) {
      const outcome = await step.run(`work-${steps}`, () => workOneStep(event.data, runId, options, workOn));
      if (outcome.state === "wait") {
        waits += 1;
        await step.sleep(`wait-${steps}`, outcome.waitMs);
      } else if (outcome.state === "open") waits = 0;
      else return outcome;
    }
    // Not to be tried again: every step is remembered, and the next try would end here at once.
    const cause: { code: ErrorCode } = { code: "provider_rate_limited" };
    throw new NonRetriableError(`The part is not done after ${MAX_WAITS} waits in a row`, { cause });
  }

  async function workOneStep(
    { parentJobId, part }: PartRef,
    claimant: string,
    { policy, atOnce, before }: WorkOptions,
    workOn: (part: Part, time: StepTime) => Promise<Worked>,
  ): Promise<Outcome> {
    const time = startTime();
    await before?.();
    do {
      const claim = await parts.claim({ jobId: parentJobId, part, claimant, leaseMs: LEASE_MS, atOnce });
      if (claim.state === "busy") return { state: "wait", waitMs: claim.waitMs };
      if (claim.state !== "claimed") return claim;
      const worked = await workOn(claim, time).catch((error: unknown) => meet(error, claim, policy));
      if (typeof worked !== "string") {
        await parts.release(claim, { trouble: false, waitMs: worked.waitMs });
        return { state: "wait", waitMs: worked.waitMs };
      }
      if (worked === "done" && part !== undefined) return { state: "done" };
    } while (part === undefined && !time.isLate());
    return { state: "open" };
  }

  /**
   * A provider that says when to come back is waited for. Its other passing trouble is met by the policy and counted in
   * the part, where our own deaths leave no mark; when the policy gives up, so does the run.
   */
  async function meet(error: unknown, part: Part, policy: RetryPolicyName): Promise<{ waitMs: number }> {
    if (!(error instanceof AppError) || !isPassingTroubleOutside(error.code)) {
      await parts.release(part, { trouble: false });
      throw error;
    }
    if (error.retryAfterMs !== undefined) return { waitMs: error.retryAfterMs };
    const troubles = await parts.release(part, { trouble: true });
    const retryAfterMs = delayMs(policy, troubles, Math.random());
    if (retryAfterMs === undefined)
      throw new NonRetriableError(error.message, { cause: { code: error.code } });
    throw new AppError(error.code, error.message, { cause: error, retryAfterMs });
  }
}

const isPassingTroubleOutside = (code: ErrorCode): boolean =>
  code.startsWith("provider_") && meaningOf(code).retry !== "stop";
