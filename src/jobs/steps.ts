import type { GetStepTools, Inngest } from "inngest";

type Steps = Pick<GetStepTools<Inngest.Any>, "run" | "sleep" | "sendEvent">;
/** What planning and working on parts need of a function's run. */
export type Run = { step: Steps; runId: string; event: { id?: string | undefined; data: unknown } };

/** Inngest ends a run after 1,000 steps. */
export const MAX_STEPS = 500;

/** Tells whether the time of one step is almost up. Nothing that takes long should begin after that. */
export type StepTime = { isLate(): boolean };

export function startTime(stepMs: number): StepTime {
  const end = performance.now() + stepMs;
  return { isLate: () => performance.now() >= end };
}
