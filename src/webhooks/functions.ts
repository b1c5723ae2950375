import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Outbox } from "#jobs/outbox.ts";
import type { Parts } from "#jobs/parts.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";
import type { Logger } from "#lib/logger.ts";
import type { Fetch } from "#lib/outside/fetch.ts";
import type { Stripe } from "#lib/outside/stripe.ts";
import { reportsRepository } from "#mail/reports-repository.ts";
import { askersOf } from "#webhooks/gaps/askers.ts";
import { checkWebhookGaps } from "#webhooks/gaps/check-webhook-gaps.ts";
import { gapRepository } from "#webhooks/gaps/gap-repository.ts";
import { githubHandler } from "#webhooks/github-handler.ts";
import type { Handler } from "#webhooks/handler.ts";
import { processWebhook } from "#webhooks/process-webhook.ts";
import { replayInbox } from "#webhooks/replay-inbox.ts";
import { inboxReplayRepository } from "#webhooks/replay-repository.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { resendHandler } from "#webhooks/resend-handler.ts";
import { syncGithubMetrics } from "#webhooks/sync-github-metrics.ts";

type Dependencies = {
  env: Env;
  fetch: Fetch;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  logger: Logger;
  tokens: Tokens;
  stripe: Stripe;
  outbox: Outbox;
  parts: Parts;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** `others` are the handlers of other rooms, by the name of the source. */
export function webhookFunctions(
  { db, clock, env, fetch, tokens, stripe, ...deps }: Dependencies,
  others: Readonly<Record<string, Handler>> = {},
): InngestFunction.Any[] {
  const webhooks = webhookRepository(db, clock);
  return [
    processWebhook({
      ...deps,
      clock,
      webhooks,
      handlers: {
        ...others,
        github: githubHandler({ webhooks }),
        resend: resendHandler({ reports: reportsRepository(db, clock, env) }),
      },
    }),
    replayInbox({ ...deps, clock, replays: inboxReplayRepository(db, clock) }),
    syncGithubMetrics({ ...deps, clock, env, fetch, webhooks }),
    checkWebhookGaps({
      ...deps,
      clock,
      gaps: gapRepository(db, clock),
      webhooks,
      askers: askersOf({ env, fetch, clock, tokens, stripe }),
    }),
  ];
}
