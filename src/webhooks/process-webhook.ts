import type { OnFailure } from "#dead-letters/on-failure.ts";
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
  flow: FlowControl;
  onFailure: OnFailure;
};

/**
 * Applies one webhook of the inbox. Webhooks of one object are applied one after the other, so that one read from the
 * provider serves several.
 */
export const processWebhook = (deps: Dependencies) =>
  deps.inngest.createFunction(
    {
      id: "process-webhook",
      triggers: [webhookReceived],
      concurrency: [deps.flow.concurrency(50), deps.flow.concurrency(1, "event.data.objectKey")],
      ...tries("webhook"),
      cancelOn: cancelOfThisJob,
      onFailure: deps.onFailure,
    },
    async ({ event, step }) => {
      const { webhookId } = event.data;
      const { type, verdict, tell } = await step.run("apply", () => apply(deps, webhookId));
      if (tell !== undefined) await step.sendEvent("tell", tell);
      return { webhookId, type, verdict };
    },
  );

async function apply(
  { webhooks, handlers }: Dependencies,
  webhookId: string,
): Promise<Pick<Handled, "verdict" | "tell"> & { type: string }> {
  const webhook = await webhooks.open(webhookId);
  if (!webhook) throw new AppError("not_found", "The inbox no longer has this webhook");
  const { type } = webhook;
  if (webhook.isCovered) {
    await webhooks.settle(webhookId, "covered", undefined);
    return { type, verdict: "covered" };
  }
  const handler = handlers[webhook.source];
  if (!handler) throw new AppError("configuration", `No handler is registered for ${webhook.source}`);
  const { verdict, isPresentState = false, tell } = await handler(webhook);
  await webhooks.settle(webhookId, verdict, isPresentState ? webhook.newestSequence : undefined);
  return { type, verdict, ...(tell === undefined ? {} : { tell }) };
}
