import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { githubHandler } from "#webhooks/github-handler.ts";
import type { Handler } from "#webhooks/handler.ts";
import { processWebhook } from "#webhooks/process-webhook.ts";
import { webhookRepository } from "#webhooks/repository.ts";
import { resendHandler } from "#webhooks/resend-handler.ts";

type Dependencies = {
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** `others` are the handlers of other rooms, by the name of the source. */
export function webhookFunctions(
  { db, clock, ...deps }: Dependencies,
  others: Readonly<Record<string, Handler>> = {},
): InngestFunction.Any[] {
  const webhooks = webhookRepository(db, clock);
  return [
    processWebhook({
      ...deps,
      clock,
      webhooks,
      handlers: { ...others, github: githubHandler({ webhooks }), resend: resendHandler },
    }),
  ];
}
