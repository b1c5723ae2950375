import { randomUUID } from "node:crypto";
import { type PlanDependencies, planCampaign } from "#campaigns/plan-campaign.ts";
import { type SendDependencies, sendPart } from "#campaigns/send-part.ts";
import type { PartsRepository } from "#jobs/parts-repository.ts";
import type { Logger } from "#lib/logger.ts";

type Dependencies = PlanDependencies &
  SendDependencies & {
    parts: Pick<PartsRepository, "claim" | "release">;
    logger: Pick<Logger, "warn">;
  };

export type SendAtOnce = (campaignId: string, jobId: string) => Promise<boolean>;

/** No new request to the provider begins after this time. */
const SEND_MS = 8_000;
/** The lease lasts longer than any request. */
const LEASE_MS = 120_000;

/**
 * Sends a small campaign within one request, with the same plan, parts and idempotency keys as a run in the queue. So
 * the queue can send the rest, and no mail is sent twice. Returns whether everything was sent; never throws.
 */
export function createSendAtOnce(deps: Dependencies): SendAtOnce {
  return async (campaignId, jobId) => {
    try {
      const plan = await planCampaign(deps, campaignId, jobId);
      if (plan.state !== "planned") return plan.state === "completed";
      return await sendParts(deps, jobId, plan.parts);
    } catch (err) {
      deps.logger.warn(
        { err, campaignId, jobId },
        "a campaign was not sent at once, the queue sends the rest",
      );
      return false;
    }
  };
}

async function sendParts(deps: Dependencies, jobId: string, count: number): Promise<boolean> {
  const end = performance.now() + SEND_MS;
  const time = { isLate: () => performance.now() >= end };
  const claimant = `request:${randomUUID()}`;
  for (let part = 1; part <= count; part++) {
    const claim = await deps.parts.claim({ jobId, part, claimant, leaseMs: LEASE_MS });
    if (claim.state === "done") continue;
    if (claim.state !== "claimed") return false;
    try {
      if ((await sendPart(deps, claim, time)) === "done") continue;
      await deps.parts.release(claim, { isProviderFailure: false });
    } catch (error) {
      await deps.parts.release(claim, { isProviderFailure: false, ...(error instanceof Error && { error }) });
      throw error;
    }
    return false;
  }
  return true;
}
