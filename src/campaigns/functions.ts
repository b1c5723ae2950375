import type { InngestFunction } from "inngest";
import pLimit from "p-limit";
import { readImprint } from "#campaigns/imprint.ts";
import { campaignRepository } from "#campaigns/repository.ts";
import { sendCampaignPart } from "#campaigns/send-campaign-part.ts";
import { sendEmailCampaign } from "#campaigns/send-email-campaign.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { mailProviders } from "#mail/providers.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

/** The dependencies of the room's functions. */
export type CampaignFunctionsRoom = {
  env: Env;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  flow: FlowControl;
  parts: Parts;
  tokens: Tokens;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
};

export function campaignFunctions({ env, ...room }: CampaignFunctionsRoom): InngestFunction.Any[] {
  const campaigns = campaignRepository(room.db, room.clock);
  const providers = mailProviders({ env, ...room });
  return [
    sendEmailCampaign({
      ...room,
      campaigns,
      account: env.MAIL_PROVIDERS[0],
      imprint: () => readImprint(env),
      partSize: env.CAMPAIGN_PART_SIZE,
      batchSize: env.CAMPAIGN_BATCH_SIZE,
    }),
    sendCampaignPart({
      ...room,
      campaigns,
      providers,
      links: createUnsubscribeLinks(env.LINK_SECRET),
      inFlight: pLimit(env.MAIL_MAX_IN_FLIGHT),
    }),
  ];
}
