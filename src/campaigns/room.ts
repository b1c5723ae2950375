import { campaignApiRepository } from "#campaigns/api-repository.ts";
import { sendCampaignPartRequested, sendCampaignRequested } from "#campaigns/events.ts";
import { campaignFacts } from "#campaigns/facts.ts";
import { readImprint } from "#campaigns/imprint.ts";
import { newsletterRoutes } from "#campaigns/newsletter-routes.ts";
import { campaignRepository } from "#campaigns/repository.ts";
import { campaignRoutes } from "#campaigns/routes.ts";
import { settleCanceled } from "#campaigns/settle-canceled.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";
import { room } from "#lib/room.ts";

type Dependencies = { env: Env; db: DatabaseClient; clock: Clock; jobs: Jobs };

export const campaigns = room<Dependencies>({
  name: "campaigns",
  routes({ env, db, clock, jobs }) {
    const deps = {
      campaigns: campaignApiRepository(db, clock),
      jobs,
      refuseWithoutImprint: () => void readImprint(env),
    };
    return [...campaignRoutes(deps), ...newsletterRoutes(deps)];
  },
  chores: ({ db, clock }) => [settleCanceled(campaignRepository(db, clock))],
  facts: campaignFacts,
  visibleFields: {
    [sendCampaignRequested.name]: ["campaignId"],
    [sendCampaignPartRequested.name]: ["campaignId", "part", "account", "parentJobId"],
  },
});
