import { campaignApiRepository } from "#campaigns/api-repository.ts";
import { sendCampaignPartRequested, sendCampaignRequested } from "#campaigns/events.ts";
import { campaignFacts } from "#campaigns/facts.ts";
import { newsletterRoutes } from "#campaigns/newsletter-routes.ts";
import { campaignRepository } from "#campaigns/repository.ts";
import { campaignRoutes } from "#campaigns/routes.ts";
import { settleCanceled } from "#campaigns/settle-canceled.ts";
import type { Jobs } from "#jobs/accept.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { room } from "#lib/room.ts";

type Dependencies = { db: DatabaseClient; clock: Clock; jobs: Jobs };

export const campaigns = room<Dependencies>({
  name: "campaigns",
  routes({ db, clock, jobs }) {
    const campaigns = campaignApiRepository(db, clock);
    return [...campaignRoutes({ campaigns, jobs }), ...newsletterRoutes({ campaigns, jobs })];
  },
  chores: ({ db, clock }) => [settleCanceled(campaignRepository(db, clock))],
  facts: campaignFacts,
  visibleFields: {
    [sendCampaignRequested.name]: ["campaignId"],
    [sendCampaignPartRequested.name]: ["campaignId", "part", "account", "parentJobId"],
  },
});
