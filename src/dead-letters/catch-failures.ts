import type { InngestFunction } from "inngest";
import { type InngestClient, newsOfOurs } from "#lib/engine/inngest.ts";
import type { Alert } from "./alert.ts";
import { type MaxAttempts, toFailure } from "./failure.ts";
import type { DeadLetterRepository } from "./repository.ts";

type Dependencies = {
  inngest: InngestClient;
  letters: Pick<DeadLetterRepository, "record">;
  alert: Alert;
  maxAttempts: MaxAttempts;
};

/**
 * The net under every `onFailure`: the same statements, 20 retries over hours. It has no steps, so that the usual
 * case (the letter is there already, somebody alerts) costs one execution.
 */
export const catchFailures = ({ inngest, letters, alert, maxAttempts }: Dependencies): InngestFunction.Any =>
  inngest.createFunction(
    { id: "catch-failures", triggers: [newsOfOurs("inngest/function.failed")], retries: 20 },
    async ({ event, runId }: { event: { data?: unknown }; runId: string }) => {
      const failure = toFailure(event.data, maxAttempts);
      const letterId = await letters.record(failure);
      // "busy": onFailure is at it. Should it die, housekeeping finds the letter that nobody was told of.
      return letterId === null ? "canceled" : alert(letterId, failure, `catch-failures ${runId}`);
    },
  );
