import { NonRetriableError } from "inngest";
import { createRenderer } from "#campaigns/render-mail.ts";
import type { ChunkRef, Claim } from "#campaigns/repository.ts";
import { runLane, type SendDependencies } from "#campaigns/send-lane.ts";
import { Tally } from "#campaigns/tally.ts";
import { delayMs } from "#lib/engine/retry-policy.ts";
import { AppError, type ErrorCode } from "#lib/errors.ts";

export type ChunkSettings = {
  /** Batches of one chunk under way at once, so that the provider is busy while outcomes are written down. */
  lanes: number;
  /** No batch begins later than this after the start: a request lives 60 s on Netlify. */
  budgetMs: number;
};

/**
 * What one step did for its chunk. `more`: batches are left for another step. `wait`: so they are, but the provider
 * wants silence, or somebody else holds the chunk.
 */
export type ChunkOutcome = { sent: number; failed: number } & (
  | { state: "done" | "canceled" | "more" }
  | { state: "wait"; waitMs: number }
);

/** A dead holder's chunk is free again after this: one step's longest life and a margin. */
const LEASE_MS = 120_000;

/**
 * Claims a chunk and sends what is left of it. Safe to repeat at any point: what is settled stays, what is in doubt
 * is decided per batch. Throws what the provider's trouble was, after every batch under way has come to its end.
 */
export async function sendChunk(
  deps: SendDependencies & ChunkSettings,
  chunk: ChunkRef,
  claimant: string,
): Promise<ChunkOutcome> {
  const startedAt = performance.now();
  const claim = await deps.campaigns.claimChunk(chunk, claimant, LEASE_MS);
  if (claim.state === "busy") return { state: "wait", waitMs: claim.waitMs, sent: 0, failed: 0 };
  if (claim.state !== "claimed") return { state: claim.state, sent: 0, failed: 0 };

  const isLate = () => performance.now() - startedAt > deps.budgetMs;
  const tally = await runLanes(deps, chunk, claim, isLate);
  const [sent, failed] = [tally.sentCount, tally.failedCount];
  if (tally.error) {
    // Whoever takes over (a reprocess is another run) need not wait for the lease to end.
    const troubles = await deps.campaigns.releaseChunk(chunk, claim.token);
    throw retryAsMail(tally.error, troubles);
  }
  if (tally.waitMs > 0) return { state: "wait", waitMs: tally.waitMs, sent, failed };
  if (tally.stop === "canceled") return { state: "canceled", sent, failed };
  return { state: tally.batches === claim.batches.length ? "done" : "more", sent, failed };
}

async function runLanes(
  deps: SendDependencies & ChunkSettings,
  { campaignId }: ChunkRef,
  { token, content, batches }: Extract<Claim, { state: "claimed" }>,
  isLate: () => boolean,
): Promise<Tally> {
  const render = createRenderer(campaignId, content, deps.mailer.write);
  const context = { campaignId, token, render, isLate };
  const waiting = batches.values();
  const tally = new Tally();
  const nextBatch = () => (tally.goesOn && !isLate() ? waiting.next().value : undefined);

  // A lane ends at the first batch that fails, the others go on: one batch that can never be sent does not keep
  // the rest of the chunk waiting, and a provider that is down is asked once per lane.
  const lanes = await Promise.allSettled(
    Array.from({ length: deps.lanes }, () => deps.deck.hold(() => runLane(deps, context, tally, nextBatch))),
  );
  for (const ended of lanes) if (ended.status === "rejected") throw ended.reason;
  return tally;
}

/**
 * The provider's trouble is met by the policy for e-mail (S4-35), counted where our own deaths leave no mark; when that
 * gives up, so does the run.
 */
function retryAsMail(error: AppError, troubles: number): Error {
  if (!PROVIDER_TROUBLE.has(error.code)) return error;
  const retryAfterMs = delayMs("email", troubles, Math.random());
  if (retryAfterMs !== undefined)
    return new AppError(error.code, error.message, { cause: error, retryAfterMs });
  return new NonRetriableError(error.message, { cause: { code: error.code } });
}

const PROVIDER_TROUBLE = new Set<ErrorCode>([
  "provider_unavailable",
  "provider_timeout",
  "provider_rate_limited",
  "provider_answer_too_large",
]);
