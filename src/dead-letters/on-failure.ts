import type { FailureEventArgs, GetStepTools, Inngest } from "inngest";
import type { Alert } from "./alert.ts";
import { type MaxAttempts, toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

export type OnFailure = ReturnType<typeof createOnFailure>;

type Dependencies = {
  letters: Pick<DeadLetterRepository, "record">;
  alert: Alert;
  maxAttempts: MaxAttempts;
};

type FailureContext = FailureEventArgs & { step: GetStepTools<Inngest.Any>; runId: string };

/**
 * The `onFailure` of every function: the letter first, then the alert. Inngest tries this only twice, about half a
 * minute apart; `catch-failures` is the net under it.
 */
export const createOnFailure =
  ({ letters, alert, maxAttempts }: Dependencies) =>
  async ({ event, step, runId }: FailureContext): Promise<void> => {
    const failure = toFailure(event.data, maxAttempts);
    const letterId = await step.run("store", () => letters.record(failure));
    if (letterId !== null) await step.run("alert", () => alert(letterId, failure, `on-failure ${runId}`));
  };
