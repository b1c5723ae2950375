import type { OnFailure } from "#dead-letters/on-failure.ts";
import { sendWebhookDue } from "#deliveries/events.ts";
import { post } from "#deliveries/post.ts";
import type { DeliveryRepository } from "#deliveries/repository.ts";
import type { Claim } from "#deliveries/rows.ts";
import type { SecretBox } from "#deliveries/secrets.ts";
import { type Clock, sleep } from "#lib/clock.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import { cancelOfThisJob, type FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { Logger } from "#lib/logger.ts";
import type { SafeFetch } from "#lib/outside/safe-fetch.ts";

type Work = {
  deliveries: Pick<DeliveryRepository, "claim" | "settle">;
  secrets: Pick<SecretBox, "open">;
  safeFetch: SafeFetch;
  tokens: Pick<Tokens, "take">;
  clock: Clock;
  logger: Logger;
};
type Dependencies = Work & { inngest: InngestClient; flow: FlowControl; onFailure: OnFailure };

/** How many requests to one endpoint are under way at once. */
const AT_ONCE = 10;
/** A request may run 60 s on Netlify. The last batch waits up to 10 s for tokens, and 10 s for its answers. */
const STEP_MS = 30_000;
const MAX_STEPS = 100;
/** The longest wait for a token: at the lowest rate, an endpoint gets one request in 10 seconds. */
const PATIENCE_MS = 10_000;

/**
 * The lane of an endpoint: a run that sends the due deliveries, batch after batch, until none is due. When a lane ends,
 * the next lane is planned for the time when the next attempt is due. So the deliveries of a busy endpoint share their
 * executions.
 */
export const sendWebhook = ({ inngest, flow, onFailure, ...work }: Dependencies) =>
  inngest.createFunction(
    {
      id: "send-webhook",
      triggers: [sendWebhookDue],
      concurrency: [flow.concurrency(50), flow.concurrency(1, "event.data.endpointId")],
      ...tries("webhook"),
      cancelOn: cancelOfThisJob("send-webhook"),
      onFailure,
    },
    async ({ event, step, runId }) => {
      const { endpointId } = event.data;
      const lane = { endpointId, jobId: event.id ?? runId, claimant: runId };
      let attempts = 0;
      for (let count = 0; count < MAX_STEPS; count++) {
        const sent = await step.run(`send-${count}`, () => sendForAWhile(work, lane));
        attempts += sent.attempts;
        if (sent.isIdle) break;
      }
      return { endpointId, attempts };
    },
  );

type Lane = { endpointId: string; jobId: string; claimant: string };

async function sendForAWhile(work: Work, lane: Lane): Promise<{ attempts: number; isIdle: boolean }> {
  const end = performance.now() + STEP_MS;
  let attempts = 0;
  while (performance.now() < end) {
    const claim = await work.deliveries.claim(lane.endpointId, lane.jobId, lane.claimant, AT_ONCE);
    if (claim === null) return { attempts, isIdle: true };
    attempts += await sendBatch(work, lane, claim);
  }
  return { attempts, isIdle: false };
}

/** The requests of a batch begin together, once the endpoint's rate allows all of them. */
async function sendBatch(work: Work, { endpointId, claimant }: Lane, claim: Claim): Promise<number> {
  const { secrets, tokens, clock, deliveries, logger } = work;
  const { waitMs } = await tokens.take([
    {
      key: `webhook:${endpointId}`,
      capacity: Math.max(1, claim.perSecond),
      refillPerSecond: claim.perSecond,
      take: claim.deliveries.length,
      patienceMs: PATIENCE_MS,
    },
  ]);
  if (waitMs > 0) await sleep(clock, Math.min(waitMs, PATIENCE_MS));
  const valid = claim.oldSecret === null ? [claim.secret] : [claim.secret, claim.oldSecret];
  const target = { ...claim, secrets: valid.map((secret) => secrets.open(endpointId, secret)) };
  const attempts = await Promise.all(claim.deliveries.map((due) => post(work, target, due)));
  const disabled = await deliveries.settle(endpointId, claimant, attempts);
  if (disabled !== null) logger.error({ endpointId, reason: disabled }, "webhook endpoint disabled");
  return attempts.length;
}
