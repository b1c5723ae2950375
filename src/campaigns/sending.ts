import pLimit from "p-limit";
import { readImprint } from "#campaigns/imprint.ts";
import type { PlanDependencies } from "#campaigns/plan-campaign.ts";
import { type PlanRepository, planRepository } from "#campaigns/plan-repository.ts";
import { campaignRepository } from "#campaigns/repository.ts";
import type { SendDependencies } from "#campaigns/send-part.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { mailProviders } from "#mail/providers.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

export type SendingServices = {
  env: Env;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  tokens: Tokens;
  mailMode: () => Promise<MailMode>;
};

/** The services that planning and sending a campaign need, in a run or in a request. */
export function campaignSending({ env, db, clock, fetch, tokens, mailMode }: SendingServices) {
  const sending: PlanDependencies & SendDependencies & { plans: PlanRepository } = {
    plans: planRepository(db, clock),
    campaigns: campaignRepository(db, clock),
    providers: mailProviders({ env, fetch, clock, tokens }),
    links: createUnsubscribeLinks(env.LINK_SECRET),
    inFlight: pLimit(env.MAIL_MAX_IN_FLIGHT),
    mailMode,
    imprint: () => readImprint(env),
    partSize: env.CAMPAIGN_PART_SIZE,
    batchSize: env.CAMPAIGN_BATCH_SIZE,
  };
  return sending;
}
