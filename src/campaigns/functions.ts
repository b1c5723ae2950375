import type { InngestFunction } from "inngest";
import { resumeEmailCampaign } from "#campaigns/resume-email-campaign.ts";
import { sendCampaignPart } from "#campaigns/send-campaign-part.ts";
import { sendEmailCampaign } from "#campaigns/send-email-campaign.ts";
import { campaignSending, type SendingServices } from "#campaigns/sending.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";

/** The dependencies of the room's functions. */
export type CampaignFunctionsRoom = SendingServices & {
  inngest: InngestClient;
  flow: FlowControl;
  parts: Parts;
  onFailure: OnFailure;
};

export function campaignFunctions(room: CampaignFunctionsRoom): InngestFunction.Any[] {
  const deps = { ...room, ...campaignSending(room), account: room.env.MAIL_PROVIDERS[0] };
  return [sendEmailCampaign(deps), resumeEmailCampaign(deps), sendCampaignPart(deps)];
}
