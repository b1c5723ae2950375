import type { Imprint } from "#campaigns/imprint.ts";
import type { Plan, PlanRepository } from "#campaigns/plan-repository.ts";
import type { MailMode } from "#lib/environment-fence.ts";

export type PlanDependencies = {
  plans: Pick<PlanRepository, "planPiece" | "hold">;
  mailMode: () => Promise<MailMode>;
  /** Throws when the configuration lacks what the law demands of a broadcast. */
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
  const { plans, batchSize, partSize } = deps;
  const mail = await deps.mailMode();
  if (mail.mode === "hold") {
    await plans.hold(campaignId, eventId, mail.reason);
    return { state: "held", reason: mail.reason };
  }
  const imprint = deps.imprint();
  for (;;) {
    const plan = await plans.planPiece({
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
