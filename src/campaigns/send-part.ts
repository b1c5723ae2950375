import type { LimitFunction } from "p-limit";
import { createRenderer, type Render } from "#campaigns/render-mail.ts";
import type { Batch, CampaignRepository } from "#campaigns/repository.ts";
import { type Ended, putBack, sendBatch } from "#campaigns/send-batch.ts";
import type { StepTime, Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { Clock } from "#lib/clock.ts";
import { AppError, meaningOf } from "#lib/errors.ts";
import type { MailProvider } from "#mail/providers.ts";
import type { UnsubscribeLinks } from "#mail/unsubscribe-links.ts";

type CampaignProvider = Pick<MailProvider, "mailer" | "pace">;

export type SendDependencies = {
  campaigns: Pick<CampaignRepository, "take" | "settle">;
  /** The providers, in the order in which they are asked. */
  providers: readonly CampaignProvider[];
  clock: Clock;
  links: Pick<UnsubscribeLinks, "signer">;
  /** Limits the requests in flight, over all parts of this process. */
  inFlight: LimitFunction;
};

/** Workers per part. Each takes batches, sends them and settles them, so that one can send while the other settles. */
const WORKERS = 2;
/** How many batches one statement takes and settles. */
const GROUP = 10;
/** A key is not used in its last hour, because the provider's clock may differ from ours. */
const KEY_MARGIN_MS = 60 * 60 * 1000;

/**
 * Sends the rest of a part. Safe to repeat at any point: what is settled stays settled, and a batch in doubt is sent
 * again under its key or becomes unknown. When a provider refuses all mails, the next provider gets the batches of
 * which no mail can have been accepted. Throws a provider's error after all requests in flight have ended.
 */
export async function sendPart(deps: SendDependencies, part: Part, time: StepTime): Promise<Worked> {
  const refusals: AppError[] = [];
  for (const provider of deps.providers) {
    const worked = await sendBy(provider, deps, part, time);
    if (typeof worked === "object" && "refusal" in worked) refusals.push(worked.refusal);
    // "open": this provider may not send the rest, because another one has sent, or may have sent, some mails of these
    // batches.
    else if (worked !== "open" || time.isLate()) return worked;
  }
  // Every provider refuses us. Or: only one provider may send the rest, and it refuses us or is not configured any
  // more.
  const passing = refusals.find(({ code }) => meaningOf(code).retry !== "stop");
  throw (
    passing ??
    refusals[0] ??
    new AppError("not_configured", "No provider of MAIL_PROVIDERS may send the rest")
  );
}

async function sendBy(
  { mailer, pace }: CampaignProvider,
  deps: SendDependencies,
  part: Part,
  time: StepTime,
): Promise<Worked | { refusal: AppError }> {
  const { campaigns } = deps;
  let state = "open" as "open" | "done" | "lost" | "paused";
  let waitMs = 0;
  let error: AppError | undefined;
  let refusal: AppError | undefined;
  let render: Render | undefined;
  const isOver = () => state !== "open" || waitMs > 0 || time.isLate();
  // With a rate limit there is time to record each batch separately. Without keys, a crash leaves every taken batch in
  // doubt, so no more batches are taken than can be in flight.
  const groupSize = pace.isOn || mailer.remembersKeysForMs === undefined ? 1 : GROUP;
  const [limitGroup, limitBatch]: [Limit, Limit] =
    groupSize === 1 ? [deps.inFlight, atOnce] : [atOnce, deps.inFlight];

  /** Returns whether this worker continues. It stops at its first error, and the others continue. */
  const sendGroup = async (): Promise<boolean> => {
    const pauseMs = pace.isOn ? await pace.reach() : 0;
    const taken =
      pauseMs > 0
        ? ({ state: "wait", waitMs: pauseMs } as const)
        : await campaigns.take(part, mailer.account, groupSize, keysSince(deps));
    if (taken.state === "wait") waitMs = Math.max(waitMs, taken.waitMs);
    else if (taken.state === "stopped")
      error ??= new AppError("sender_refused", taken.because ?? "The campaign was stopped");
    else if (taken.state !== "open") state = taken.state;
    if (taken.state !== "open" || taken.batches.length === 0) return false;
    const { id: campaignId, content } = taken.campaign;
    render ??= createRenderer(campaignId, content, deps.links);
    const call = { mailer, pace, render, campaignId, isLate: time.isLate };
    const { outcomes, ...ended } = await sendAll(taken.batches, isOver, limitBatch, (batch) =>
      sendBatch(call, batch),
    );
    // Settling after an error also shows whether another run has claimed the part. If so, that run reports the error.
    const isToSettle = outcomes.length > 0 || ended.error !== undefined;
    const settled = isToSettle ? await campaigns.settle(part, mailer.account, outcomes) : "open";
    if (settled !== "open") state = settled;
    waitMs = Math.max(waitMs, ended.waitMs);
    if (ended.isRefused) refusal ??= ended.error;
    else if (ended.waitMs === 0) error ??= ended.error;
    else if (ended.error?.code === "provider_rate_limited") await pace.silence(ended.waitMs);
    return ended.error === undefined && taken.batches.length === groupSize;
  };

  const work = async (): Promise<void> => {
    while (!isOver()) if (!(await limitGroup(sendGroup))) return;
  };
  for (const ended of await Promise.allSettled(Array.from({ length: WORKERS }, work)))
    if (ended.status === "rejected") throw ended.reason;
  if (state === "lost") return state;
  if (error) throw error;
  if (refusal && state === "open") return { refusal };
  return waitMs > 0 ? { waitMs } : state;
}

type Limit = <T>(work: () => Promise<T>) => Promise<T>;
const atOnce: Limit = (work) => work();

/** Sends the batches one after the other. Stops after the first error, and when the part ends. */
async function sendAll(
  batches: readonly Batch[],
  isOver: () => boolean,
  limit: Limit,
  send: (batch: Batch) => Promise<Ended>,
) {
  let met: Ended = {};
  const sendOne = async (batch: Batch): Promise<Ended> => {
    if (met.error !== undefined || met.waitMs !== undefined || isOver()) return untouched(batch);
    const ended = await send(batch);
    if (ended.error !== undefined || ended.waitMs !== undefined) met = ended;
    return ended;
  };
  const all = await Promise.all(batches.map((batch) => limit(() => sendOne(batch))));
  const outcomes = all.flatMap(({ outcome }) => (outcome ? [outcome] : []));
  const { error, isRefused = false } = met;
  return { outcomes, error, isRefused, waitMs: met.waitMs ?? error?.retryAfterMs ?? 0 };
}

const untouched = ({ batchNo, inDoubt }: Batch): Ended => (inDoubt ? {} : { outcome: putBack(batchNo) });

/**
 * A time for each provider: a batch that was first sent to the provider after this time may be sent to it again under
 * its key.
 */
const keysSince = ({ providers, clock }: SendDependencies): Record<string, string> =>
  Object.fromEntries(
    providers.flatMap(({ mailer: { account, remembersKeysForMs: ms } }) =>
      ms === undefined ? [] : [[account, new Date(clock.now().getTime() - ms + KEY_MARGIN_MS).toISOString()]],
    ),
  );
