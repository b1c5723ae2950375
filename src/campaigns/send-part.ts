import pLimit, { type LimitFunction } from "p-limit";
import { createRenderer } from "#campaigns/render-mail.ts";
import type { Batch, CampaignRepository, Outcome } from "#campaigns/repository.ts";
import { putBack, sendBatch } from "#campaigns/send-batch.ts";
import type { Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { StepTime } from "#jobs/steps.ts";
import { AppError, meaningOf } from "#lib/errors.ts";
import { refusesAll, type Stop } from "#mail/mailer.ts";
import type { MailProvider } from "#mail/providers.ts";
import type { UnsubscribeLinks } from "#mail/unsubscribe-links.ts";

export type SendDependencies = {
  campaigns: Pick<CampaignRepository, "take" | "settle">;
  /** The providers, in the order in which they are asked. */
  providers: readonly Pick<MailProvider, "mailer" | "pace">[];
  links: Pick<UnsubscribeLinks, "signer">;
  /** Limits the requests in flight, over all parts of this process. */
  inFlight: LimitFunction;
};

/** Workers per part. Each worker takes, sends and settles batches, so that one worker sends while another settles. */
const WORKERS = 2;
/** How many batches one statement takes and settles. */
const GROUP = 10;
const UNLIMITED = pLimit(Number.POSITIVE_INFINITY);

/**
 * Sends the rest of a part. Safe to repeat at any point: settled batches are not sent again, and a batch in doubt is
 * sent again under its key or becomes unknown. When a provider refuses all mails, the next provider gets the batches of
 * which no mail can have been accepted. Throws a provider's error after all requests in flight have ended.
 */
export async function sendPart(deps: SendDependencies, part: Part, time: StepTime): Promise<Worked> {
  const refusals: AppError[] = [];
  for (const provider of deps.providers) {
    const worked = await sendBy(provider, deps, part, time);
    if (worked instanceof AppError) refusals.push(worked);
    // "open": this provider may not send the rest, because another one has sent, or may have sent, some mails of these
    // batches.
    else if (worked !== "open" || time.isLate()) return worked;
  }
  // Either every provider refuses all mails, or only one provider may send the rest, and that provider refuses all
  // mails or is not configured any more.
  const [first = new AppError("not_configured", "No provider of MAIL_PROVIDERS may send the rest")] =
    refusals;
  throw refusals.find(({ code }) => meaningOf(code).retry !== "stop") ?? first;
}

/** Why a worker ended. "open": the part is not done, but has no free batch. */
type End = "open" | "done" | "lost" | "paused" | Stop;

/** Returns an error when the provider refuses all mails. */
async function sendBy(
  { mailer, pace }: SendDependencies["providers"][number],
  deps: SendDependencies,
  part: Part,
  time: StepTime,
): Promise<Worked | AppError> {
  const { campaigns, inFlight } = deps;
  const keysMs = Object.fromEntries(deps.providers.map(({ mailer: m }) => [m.account, m.remembersKeysForMs]));
  const ends: End[] = [];
  const isOver = () => time.isLate() || ends.some(endsAllWorkers);
  // With a rate limit there is time to record each batch separately. Without keys, a crash leaves every taken batch in
  // doubt, so no more batches are taken than can be in flight.
  const isSingle = pace.isOn || mailer.remembersKeysForMs === undefined;
  const groupSize = isSingle ? 1 : GROUP;
  const [limitGroup, limitBatch] = isSingle ? [inFlight, UNLIMITED] : [UNLIMITED, inFlight];

  const sendGroup = async (): Promise<End | undefined> => {
    const pause = await pace.reach();
    if (pause) return { kind: "stopped", error: pause };
    const taken = await campaigns.take(part, mailer.account, groupSize, keysMs);
    if (taken.state === "stopped")
      return { kind: "stopped", error: new AppError("sender_refused", taken.because) };
    if (taken.state !== "open") return taken.state;
    if (taken.batches.length === 0) return "open";
    const { id: campaignId, content } = taken.campaign;
    const render = createRenderer(campaignId, content, deps.links);
    const call = { mailer, pace, render, campaignId, isLate: time.isLate };
    let stop: Stop | undefined;
    const sendOne = async (batch: Batch): Promise<Outcome | undefined> => {
      if (stop || isOver()) return batch.inDoubt ? undefined : putBack(batch.batchNo);
      const ended = await sendBatch(call, batch);
      stop ??= ended.stop;
      return ended.outcome;
    };
    const all = await Promise.all(taken.batches.map((batch) => limitBatch(() => sendOne(batch))));
    const outcomes = all.filter((outcome) => outcome !== undefined);
    // Settling also shows whether another run has claimed the part. If so, that run reports the error.
    const state = await campaigns.settle(part, mailer.account, outcomes);
    if (stop?.kind === "refused") await pace.obey(stop.error);
    return state === "open" ? stop : state;
  };

  /** A worker ends at its first error, and the others continue. */
  const work = async (): Promise<void> => {
    while (!isOver()) {
      const end = await limitGroup(sendGroup);
      if (end) return void ends.push(end);
    }
  };
  for (const ended of await Promise.allSettled(Array.from({ length: WORKERS }, work)))
    if (ended.status === "rejected") throw ended.reason;
  return conclude(ends);
}

const endsAllWorkers = (end: End): boolean =>
  typeof end === "string" ? end !== "open" : end.error.retryAfterMs !== undefined;

function conclude(ends: readonly End[]): Worked | AppError {
  if (ends.includes("lost")) return "lost";
  const stops = ends.filter((end) => typeof end !== "string");
  const final = stops.find((stop) => stop.error.retryAfterMs === undefined && !refusesAll(stop));
  if (final) throw final.error;
  const state = ends.find((end) => end === "done" || end === "paused");
  if (state) return state;
  const refusal = stops.find(refusesAll);
  if (refusal) return refusal.error;
  const waitMs = Math.max(0, ...stops.map(({ error }) => error.retryAfterMs ?? 0));
  return waitMs > 0 ? { waitMs } : "open";
}
