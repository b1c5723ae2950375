import type { InngestFunction } from "inngest";
import { Permits } from "#campaigns/permits.ts";
import { campaignRepository } from "#campaigns/repository.ts";
import { CHUNKS_AT_ONCE, sendCampaignChunk } from "#campaigns/send-campaign-chunk.ts";
import { sendEmailCampaign } from "#campaigns/send-email-campaign.ts";
import { Spacing } from "#campaigns/spacing.ts";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import type { Logger } from "#lib/logger.ts";
import { resendMailer } from "#mail/resend-mailer.ts";

/** What the room's functions are given. */
export type CampaignFunctionsRoom = {
  env: Env;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  flow: FlowControl;
  onFailure: OnFailure;
  logger: Logger;
  mailMode: () => Promise<MailMode>;
};

/** No batch begins later than this in a step: a request lives 60 s on Netlify, a call of the provider up to 20. */
const STEP_BUDGET_MS = 35_000;
/**
 * Batches at work for each place on the wire, and how long they wait for each other to be written down together.
 * Measured: groups of 14 instead of 7 save the database and its gateway a third of a batch's cost, and with fewer lanes
 * the wire is at times empty.
 */
const LANES_PER_PLACE = 5;
const LINGER_MS = 25;

export function campaignFunctions({
  env,
  db,
  clock,
  fetch,
  ...room
}: CampaignFunctionsRoom): InngestFunction.Any[] {
  const mailer = resendMailer(env, fetch, clock);
  const inFlight = env.MAIL_MAX_IN_FLIGHT;
  const intervalMs = env.MAIL_REQUESTS_PER_SECOND === 0 ? 0 : 1000 / env.MAIL_REQUESTS_PER_SECOND;
  // While some batches are on the wire others are written down or made ready, so that the provider never waits for us.
  // With a pace there is time for both. Without keys every marked batch is in doubt after a crash: then only what is
  // on the wire is marked.
  const atWork =
    intervalMs > 0 || mailer.remembersKeysForMs === undefined ? inFlight : LANES_PER_PLACE * inFlight;
  const campaigns = campaignRepository(db, clock, atWork > inFlight ? LINGER_MS : 0);
  const chunksAtOnce = room.flow.concurrency(CHUNKS_AT_ONCE).limit;
  return [
    sendEmailCampaign({
      ...room,
      campaigns,
      account: mailer.account,
      chunkSize: env.CAMPAIGN_CHUNK_SIZE,
      batchSize: env.CAMPAIGN_BATCH_SIZE,
    }),
    sendCampaignChunk({
      ...room,
      campaigns,
      mailer,
      clock,
      wire: new Permits(inFlight),
      deck: new Permits(atWork),
      // A hundredth less, so that what one call is late the next ones make up for.
      spacing: new Spacing(0.99 * intervalMs),
      intervalMs,
      // Twice a chunk's share, so that few chunks keep the wire busy too.
      lanes: Math.ceil((2 * atWork) / chunksAtOnce),
      budgetMs: STEP_BUDGET_MS,
    }),
  ];
}
