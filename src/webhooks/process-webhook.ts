import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import { AppError } from "#lib/errors.ts";
import { webhookReceived } from "#webhooks/events.ts";
import type { Handled, Handler } from "#webhooks/handler.ts";
import type { WebhookRepository } from "#webhooks/repository.ts";

type Dependencies = {
  inngest: InngestClient;
  webhooks: Pick<WebhookRepository, "open" | "settle">;
  /** Handlers by the name of the source. */
  handlers: Readonly<Record<string, Handler>>;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

/** An object is read from its provider at most once in this time. Webhooks that arrive meanwhile wait. */
const GATHER_MS = 2_000;

/**
 * Applies one webhook of the inbox. Webhooks of one object are applied one after the other, so that reading the object
 * from the provider once serves several.
 */
export const processWebhook = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "process-webhook",
      triggers: [webhookReceived],
      concurrency: [deps.flow.concurrency(50), deps.flow.concurrency(1, "event.data.objectKey")],
      ...tries("webhook"),
      cancelOn: cancelOfThisJob("process-webhook"),
      onFailure: deps.onFailure,
    },
    async ({ event, step }) => {
      const { webhookId } = event.data;
      let applied = await step.run("apply", () => apply(deps, webhookId, GATHER_MS));
      if ("waitMs" in applied) {
        await step.sleep("gather", applied.waitMs);
        applied = await step.run("apply-gathered", () => apply(deps, webhookId, 0));
      }
      if ("waitMs" in applied) throw new AppError("internal", "A webhook has waited twice");
      return { webhookId, ...applied };
    },
  );

type Applied = Pick<Handled, "verdict"> & { type: string };

/** `waitMs`: how long to wait, because the object was read less than `gatherMs` ago. */
async function apply(
  { webhooks, handlers, clock }: Dependencies,
  webhookId: string,
  gatherMs: number,
): Promise<Applied | { waitMs: number }> {
  const webhook = await webhooks.open(webhookId);
  if (!webhook) throw new AppError("not_found", "This webhook was deleted from the inbox");
  const { type, coveredAt } = webhook;
  if (webhook.isCovered) {
    await webhooks.settle(webhookId, "covered", undefined);
    return { type, verdict: "covered" };
  }
  const waitMs = coveredAt === null ? 0 : Date.parse(coveredAt) + gatherMs - clock.now().getTime();
  if (waitMs > 0) return { waitMs: Math.min(waitMs, gatherMs) };
  const handler = handlers[webhook.source];
  if (!handler) throw new AppError("configuration", `No handler is registered for ${webhook.source}`);
  const { verdict, isPresentState = false } = await handler(webhook);
  await webhooks.settle(webhookId, verdict, isPresentState ? webhook.newestSequence : undefined);
  return { type, verdict };
}
