import { campaignApiRepository } from "#campaigns/api-repository.ts";
import {
  resumeCampaignRequested,
  sendCampaignPartRequested,
  sendCampaignRequested,
} from "#campaigns/events.ts";
import { campaignFacts } from "#campaigns/facts.ts";
import { frameRoute } from "#campaigns/frame-route.ts";
import { historyRepository } from "#campaigns/history-repository.ts";
import { historyRoutes } from "#campaigns/history-routes.ts";
import { readImprint } from "#campaigns/imprint.ts";
import { newsletterRoutes } from "#campaigns/newsletter-routes.ts";
import { planRepository } from "#campaigns/plan-repository.ts";
import { createPreview, type Estimate } from "#campaigns/preview.ts";
import { previewRepository } from "#campaigns/preview-repository.ts";
import { previewRoutes } from "#campaigns/preview-routes.ts";
import { campaignRoutes } from "#campaigns/routes.ts";
import { createSendAtOnce } from "#campaigns/send-at-once.ts";
import type { NewsletterRollout } from "#campaigns/send-newsletter.ts";
import { sendRoutes } from "#campaigns/send-routes.ts";
import { createSendTest } from "#campaigns/send-test.ts";
import { campaignSending, type SendingServices } from "#campaigns/sending.ts";
import { settleCanceled } from "#campaigns/settle-canceled.ts";
import type { Jobs } from "#jobs/accept.ts";
import { partsRepository } from "#jobs/parts-repository.ts";
import type { Logger } from "#lib/logger.ts";
import { room } from "#lib/room.ts";
import { createUnsubscribeLinks } from "#mail/unsubscribe-links.ts";

type Dependencies = SendingServices & {
  jobs: Jobs;
  logger: Logger;
  rollout: NewsletterRollout;
  estimateCampaign: Estimate;
};

export const campaigns = room<Dependencies>({
  name: "campaigns",
  routes({ jobs, rollout, logger, estimateCampaign, ...services }) {
    const { env, db, clock } = services;
    const parts = partsRepository(db, clock);
    const deps = {
      clock,
      campaigns: campaignApiRepository(db, clock),
      jobs,
      rollout,
      refuseWithoutImprint: () => void readImprint(env),
      sendAtOnce: createSendAtOnce({ ...campaignSending(services), parts, logger }),
    };
    const previewing = {
      ...deps,
      env,
      links: createUnsubscribeLinks(env.LINK_SECRET),
      previews: previewRepository(db, clock),
      estimate: estimateCampaign,
    };
    return [
      ...campaignRoutes(deps),
      ...sendRoutes(deps),
      ...previewRoutes({
        preview: createPreview(previewing),
        sendTest: createSendTest({ ...previewing, tokens: services.tokens }),
      }),
      ...historyRoutes({ history: historyRepository(db, clock) }),
      ...newsletterRoutes(deps),
      frameRoute(),
    ];
  },
  chores: ({ db, clock }) => [settleCanceled(planRepository(db, clock))],
  facts: campaignFacts,
  visibleFields: {
    [sendCampaignRequested.name]: ["campaignId"],
    [resumeCampaignRequested.name]: ["campaignId"],
    [sendCampaignPartRequested.name]: ["campaignId", "part", "account", "parentJobId"],
  },
});
