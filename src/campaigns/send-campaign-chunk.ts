import { NonRetriableError } from "inngest";
import { sendCampaignChunkRequested } from "#campaigns/events.ts";
import type { ChunkRef } from "#campaigns/repository.ts";
import { type ChunkOutcome, type ChunkSettings, sendChunk } from "#campaigns/send-chunk.ts";
import type { SendDependencies } from "#campaigns/send-lane.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import { cancelOfParentJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = SendDependencies &
  ChunkSettings & {
    inngest: InngestClient;
    flow: FlowControl;
    onFailure: OnFailure;
    mailMode: () => Promise<MailMode>;
  };

/** Chunks at work at once for one provider account. */
export const CHUNKS_AT_ONCE = 10;
/** A chunk that is not through after so many steps has met something that waiting does not cure. */
const MAX_ROUNDS = 40;

/** Sends one chunk of a campaign: usually one step; more when the provider asks for silence or time is up. */
export const sendCampaignChunk = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-campaign-chunk",
      triggers: [sendCampaignChunkRequested],
      concurrency: deps.flow.concurrency(CHUNKS_AT_ONCE, "event.data.account"),
      // Many, for our own deaths: a killed process costs a try too. The provider's trouble ends with its own policy.
      retries: 20,
      cancelOn: cancelOfParentJob,
      onFailure: deps.onFailure,
    },
    async ({ event, step, runId }) => {
      let [sent, failed] = [0, 0];
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const outcome = await step.run(`send-batches-${round}`, () => sendFenced(deps, event.data, runId));
        sent += outcome.sent;
        failed += outcome.failed;
        if (outcome.state === "done" || outcome.state === "canceled")
          return { state: outcome.state, sent, failed };
        if (outcome.state === "wait") await step.sleep(`wait-for-provider-${round}`, outcome.waitMs);
      }
      // Not to be tried again: every round is remembered, and the next try would end here at once.
      throw new NonRetriableError(`The provider kept chunk ${event.data.chunk} waiting ${MAX_ROUNDS} times`, {
        cause: { code: "provider_rate_limited" },
      });
    },
  );

/** A restored copy may hold chunks that production has still to send: they wait as dead letters, nothing is sent. */
async function sendFenced(deps: Dependencies, chunk: ChunkRef, claimant: string): Promise<ChunkOutcome> {
  const mail = await deps.mailMode();
  if (mail.mode === "hold") throw new AppError("environment_fenced", mail.reason);
  return sendChunk(deps, chunk, claimant);
}
