import { sendCampaignPartRequested, sendCampaignRequested } from "#campaigns/events.ts";
import type { Imprint } from "#campaigns/imprint.ts";
import type { CampaignRepository, Plan } from "#campaigns/repository.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { MailMode } from "#lib/environment-fence.ts";

type Dependencies = {
  inngest: InngestClient;
  campaigns: Pick<CampaignRepository, "planPiece" | "hold">;
  parts: Pick<Parts, "fanOut">;
  flow: FlowControl;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
  /** The provider account whose rate limit the campaign shares. */
  account: string;
  /** Throws while the configuration lacks what every broadcast must contain. */
  imprint: () => Imprint;
  partSize: number;
  batchSize: number;
};

/** How many recipients one statement plans; it takes far less than the 8 s that hosted Supabase allows. */
const PIECE = 50_000;

/**
 * Stores the recipients, plans the parts, sends their events and ends. The last part completes the campaign and the
 * job.
 */
export const sendEmailCampaign = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "send-email-campaign",
      triggers: [sendCampaignRequested],
      concurrency: deps.flow.concurrency(10),
      ...tries("email"),
      cancelOn: cancelOfThisJob,
      onFailure: deps.onFailure,
    },
    async (run) => {
      const { campaignId } = run.event.data;
      const plan = await run.step.run("plan", () => planAll(deps, campaignId, run.event.id ?? run.runId));
      if (plan.state === "held") return { status: "skipped", reason: plan.reason };
      if (plan.state === "taken")
        return { status: "skipped", reason: `job ${plan.jobId} sends this campaign already` };
      if (plan.state !== "planned") return { status: "skipped", reason: `the campaign is ${plan.state}` };
      await deps.parts.fanOut(run, plan, (ref) =>
        sendCampaignPartRequested.create({ campaignId, account: deps.account, ...ref }),
      );
      return { recipients: plan.recipients, parts: plan.parts };
    },
  );

type WholePlan = Exclude<Plan, { state: "planning" }> | { state: "held"; reason: string };

async function planAll(deps: Dependencies, campaignId: string, eventId: string): Promise<WholePlan> {
  const { campaigns, batchSize, partSize } = deps;
  const mail = await deps.mailMode();
  if (mail.mode === "hold") {
    await campaigns.hold(campaignId, eventId, mail.reason);
    return { state: "held", reason: mail.reason };
  }
  const imprint = deps.imprint();
  for (;;) {
    const plan = await campaigns.planPiece({
      campaignId,
      eventId,
      batchSize,
      partSize,
      piece: PIECE,
      imprint,
    });
    if (plan.state !== "planning") return plan;
  }
}
