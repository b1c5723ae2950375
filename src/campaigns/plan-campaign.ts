import type { Imprint } from "#campaigns/imprint.ts";
import type { CampaignRepository, Plan } from "#campaigns/repository.ts";
import type { MailMode } from "#lib/environment-fence.ts";

export type PlanDependencies = {
  campaigns: Pick<CampaignRepository, "planPiece" | "hold">;
  mailMode: () => Promise<MailMode>;
  /** Throws while the configuration lacks what every broadcast must contain. */
  imprint: () => Imprint;
  partSize: number;
  batchSize: number;
};

/**
 * How many recipients one statement plans. Such a statement takes far less than the 8 s that hosted Supabase allows.
 */
const PIECE = 50_000;

export type WholePlan = Exclude<Plan, { state: "planning" }> | { state: "held"; reason: string };

/** Stores the recipients and the parts of the campaign of this job. Safe to repeat. */
export async function planCampaign(
  deps: PlanDependencies,
  campaignId: string,
  eventId: string,
): Promise<WholePlan> {
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
