import { sendCampaignChunkRequested, sendCampaignRequested } from "#campaigns/events.ts";
import type { CampaignRepository, Plan } from "#campaigns/repository.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { AppError } from "#lib/errors.ts";

type Dependencies = {
  inngest: InngestClient;
  campaigns: CampaignRepository;
  flow: FlowControl;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
  /** The provider account whose pace the campaign keeps. */
  account: string;
  chunkSize: number;
  batchSize: number;
};

/** One statement plans so many recipients: it stays far below the 8 s that hosted Supabase gives a statement. */
const PIECE = 50_000;
/** Events of one request: 200 bytes each, far below the 256 KiB of Inngest's free plan. */
const EVENTS_PER_REQUEST = 500;

/** Snapshots the audience into the ledger, fans its chunks out and ends; the last chunk closes campaign and job. */
export const sendEmailCampaign = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-email-campaign",
      triggers: [sendCampaignRequested],
      concurrency: deps.flow.concurrency(10),
      retries: 5,
      cancelOn: cancelOfThisJob,
      onFailure: deps.onFailure,
    },
    async ({ event, step, runId }) => {
      const { campaignId } = event.data;
      const eventId = event.id ?? runId;
      const plan = await step.run("plan-chunks", () => planAll(deps, campaignId, eventId));
      if (plan.state === "held") return { status: "skipped", reason: plan.reason };
      if (plan.state === "taken")
        return { status: "skipped", reason: `job ${plan.jobId} sends this campaign already` };
      if (plan.state !== "planned") return { status: "skipped", reason: `the campaign is ${plan.state}` };
      const parentJobId = plan.jobId;
      if (parentJobId === null) throw new AppError("internal", "The run has no job");

      for (let first = 1; first <= plan.chunks; first += EVENTS_PER_REQUEST) {
        const count = Math.min(EVENTS_PER_REQUEST, plan.chunks - first + 1);
        const events = Array.from({ length: count }, (_, index) => {
          const chunk = first + index;
          // The run's id in it: a repeated step is told apart from a replay, which must be able to send again.
          return sendCampaignChunkRequested.create(
            { campaignId, chunk, account: deps.account, parentJobId },
            { id: `${runId}:${chunk}` },
          );
        });
        await step.sendEvent(`fan-out-${first}`, events);
      }
      return { recipients: plan.recipients, chunks: plan.chunks };
    },
  );

type WholePlan = Exclude<Plan, { state: "planning" }> | { state: "held"; reason: string };

async function planAll(deps: Dependencies, campaignId: string, eventId: string): Promise<WholePlan> {
  const { campaigns, batchSize, chunkSize } = deps;
  const mail = await deps.mailMode();
  if (mail.mode === "hold") {
    await campaigns.hold(campaignId, eventId, mail.reason);
    return { state: "held", reason: mail.reason };
  }
  for (;;) {
    const plan = await campaigns.planPiece({ campaignId, eventId, batchSize, chunkSize, piece: PIECE });
    if (plan.state !== "planning") return plan;
  }
}
