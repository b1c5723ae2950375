import { createRenderer, type Render } from "#campaigns/render-mail.ts";
import type { CampaignRepository } from "#campaigns/repository.ts";
import type { Semaphore } from "#campaigns/semaphore.ts";
import { sendBatch } from "#campaigns/send-batch.ts";
import type { StepTime, Worked } from "#jobs/parts.ts";
import type { Part } from "#jobs/parts-repository.ts";
import type { Clock } from "#lib/clock.ts";
import type { AppError } from "#lib/errors.ts";
import type { Mailer } from "#mail/mailer.ts";
import type { Pace } from "#mail/pace.ts";

export type SendDependencies = {
  campaigns: Pick<CampaignRepository, "take" | "settle">;
  mailer: Mailer;
  clock: Clock;
  pace: Pace;
  /** Limits the requests in flight at the provider, over all parts of this process. */
  inFlight: Semaphore;
};

/** Workers per part. Each takes batches, sends them and settles them: while one settles, the other sends. */
const WORKERS = 2;
/** How many batches one statement takes and settles. */
const GROUP = 10;
/** A key is not used in its last hour, because the provider's clock may differ from ours. */
const KEY_MARGIN_MS = 60 * 60 * 1000;

/**
 * Sends the rest of a part. Safe to repeat at any point: what is settled stays settled, and a batch in doubt is sent
 * again under its key or becomes unknown. Throws the provider's error after all requests in flight have ended.
 */
export async function sendPart(deps: SendDependencies, part: Part, time: StepTime): Promise<Worked> {
  const met: { state: "open" | "done" | "lost"; waitMs: number; error: AppError | undefined } = {
    state: "open",
    waitMs: 0,
    error: undefined,
  };
  let render: Render | undefined;
  // With a rate limit there is time to record each batch by itself. Without keys, a crash leaves every taken batch in
  // doubt, so no more batches are taken than are in flight.
  const oneByOne = deps.pace.isOn || deps.mailer.remembersKeysForMs === undefined;

  const work = async (): Promise<void> => {
    while (met.state === "open" && met.waitMs === 0 && !time.isLate()) {
      const goesOn = await (oneByOne ? deps.inFlight.hold(() => sendGroup(1)) : sendGroup(GROUP));
      if (!goesOn) return;
    }
  };
  /**
   * Returns whether this worker continues. A worker stops at its first error, so that each one calls a provider that is
   * down only once.
   */
  const sendGroup = async (size: number): Promise<boolean> => {
    const waitMs = deps.pace.isOn ? await deps.pace.reach() : 0;
    const taken =
      waitMs > 0
        ? ({ state: "wait", waitMs } as const)
        : await deps.campaigns.take(part, size, keysSince(deps), deps.pace.bucket);
    if (taken.state === "wait") met.waitMs = Math.max(met.waitMs, taken.waitMs);
    else if (taken.state !== "open") met.state = taken.state;
    if (taken.state !== "open" || taken.batches.length === 0) return false;
    const { id, content } = taken.campaign;
    render ??= createRenderer(id, content, deps.mailer.write);
    const call = { ...deps, render, campaignId: id, holdsPermit: oneByOne, isLate: time.isLate };
    const ended = await Promise.all(taken.batches.map((batch) => sendBatch(call, batch)));
    const outcomes = ended.flatMap(({ outcome }) => outcome ?? []);
    const state = outcomes.length === 0 ? "open" : await deps.campaigns.settle(part, outcomes);
    if (state !== "open") met.state = state;
    for (const { error } of ended) await note(error);
    return taken.batches.length === size && ended.every(({ error }) => error === undefined);
  };
  const note = async (error: AppError | undefined) => {
    const waitMs = error?.retryAfterMs ?? 0;
    met.waitMs = Math.max(met.waitMs, waitMs);
    if (waitMs === 0) met.error ??= error;
    else if (error?.code === "provider_rate_limited") await deps.pace.silence(waitMs);
  };

  for (const ended of await Promise.allSettled(Array.from({ length: WORKERS }, work)))
    if (ended.status === "rejected") throw ended.reason;
  if (met.error) throw met.error;
  return met.waitMs > 0 ? { waitMs: met.waitMs } : met.state;
}

/**
 * Batches that were first sent after this time may be sent again under their key; undefined when the provider has no
 * keys.
 */
const keysSince = ({ mailer: { remembersKeysForMs }, clock }: SendDependencies): Date | undefined =>
  remembersKeysForMs === undefined
    ? undefined
    : new Date(clock.now().getTime() - remembersKeysForMs + KEY_MARGIN_MS);
