import type { InngestFunction } from "inngest";
import { type InngestClient, newsOfOurs } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { type MaxAttempts, toFailure } from "./failure.ts";
import type { LetterAlert } from "./letter-alert.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  inngest: InngestClient;
  letters: Pick<DeadLetterRepository, "record">;
  alert: LetterAlert;
  maxAttempts: MaxAttempts;
};

/**
 * Runs the statements of `onFailure` again, in case an `onFailure` failed. This function has 20 retries over hours. It
 * has no steps, so that the usual case, in which the letter exists and onFailure is sending the alert, costs one execution.
 */
export const catchFailures = ({ inngest, letters, alert, maxAttempts }: Dependencies): InngestFunction.Any =>
  inngest.createFunction(
    { id: "catch-failures", triggers: [newsOfOurs("inngest/function.failed")], ...tries("net") },
    async ({ event, runId }: { event: { data?: unknown }; runId: string }) => {
      const failure = toFailure(event.data, maxAttempts);
      const letterId = await letters.record(failure);
      // "busy": onFailure is sending the alert. If onFailure dies, housekeeping finds the letter without an alert.
      return letterId === null ? "canceled" : alert(letterId, failure, `catch-failures ${runId}`);
    },
  );
