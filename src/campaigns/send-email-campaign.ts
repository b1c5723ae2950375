import { sendCampaignPartRequested, sendCampaignRequested } from "#campaigns/events.ts";
import { type PlanDependencies, planCampaign } from "#campaigns/plan-campaign.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = PlanDependencies & {
  inngest: InngestClient;
  parts: Pick<Parts, "fanOut">;
  flow: FlowControl;
  onFailure: OnFailure;
  /** The provider account whose rate limit the campaign shares. */
  account: string;
};

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
      cancelOn: cancelOfThisJob("send-email-campaign"),
      onFailure: deps.onFailure,
    },
    async (run) => {
      const { campaignId } = run.event.data;
      const plan = await run.step.run("plan", () =>
        planCampaign(deps, campaignId, run.event.id ?? run.runId),
      );
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
