import type { FailureEventArgs, GetStepTools, Inngest } from "inngest";
import { type MaxAttempts, toFailure } from "./failure.ts";
import type { LetterAlert } from "./letter-alert.ts";
import type { DeadLetterRepository } from "./repository.ts";

export type OnFailure = ReturnType<typeof createOnFailure>;

type Dependencies = {
  letters: Pick<DeadLetterRepository, "record">;
  alert: LetterAlert;
  maxAttempts: MaxAttempts;
};

type FailureContext = FailureEventArgs & { step: GetStepTools<Inngest.Any>; runId: string };

/**
 * The `onFailure` of every function: writes the dead letter, then alerts people. Inngest tries it only twice, about 30
 * s apart, so `catch-failures` does the same as a safety net.
 */
export const createOnFailure =
  ({ letters, alert, maxAttempts }: Dependencies) =>
  async ({ event, step, runId }: FailureContext): Promise<void> => {
    const failure = toFailure(event.data, maxAttempts);
    const letterId = await step.run("store", () => letters.record(failure));
    if (letterId !== null) await step.run("alert", () => alert(letterId, failure, `on-failure ${runId}`));
  };
