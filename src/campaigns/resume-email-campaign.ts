import { resumeCampaignRequested, sendCampaignPartRequested } from "#campaigns/events.ts";
import type { PlanRepository } from "#campaigns/plan-repository.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";

type Dependencies = {
  plans: Pick<PlanRepository, "openParts">;
  inngest: InngestClient;
  parts: Pick<Parts, "fanOut">;
  flow: FlowControl;
  onFailure: OnFailure;
  /** The provider account whose rate limit the campaign shares. */
  account: string;
};

/**
 * Sends an event for each part that a pause left open. This includes a part that a run still holds under its lease,
 * because that run may have seen the pause. If it has not seen the pause, the second run finds the part done.
 */
export const resumeEmailCampaign = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "resume-email-campaign",
      triggers: [resumeCampaignRequested],
      concurrency: deps.flow.concurrency(10),
      ...tries("email"),
      cancelOn: cancelOfThisJob("resume-email-campaign"),
      onFailure: deps.onFailure,
    },
    async (run) => {
      const { campaignId } = run.event.data;
      const { jobId, parts } = await run.step.run("open-parts", () => deps.plans.openParts(campaignId));
      if (jobId === null) return { parts: 0 };
      await deps.parts.fanOut(run, { jobId, parts }, (ref) =>
        sendCampaignPartRequested.create({ campaignId, account: deps.account, ...ref }),
      );
      return { parts: parts.length };
    },
  );
