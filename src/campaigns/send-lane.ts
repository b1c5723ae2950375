import type { Permits } from "#campaigns/permits.ts";
import type { Render } from "#campaigns/render-mail.ts";
import type {
  Batch,
  BatchRef,
  CampaignRepository,
  Mark,
  Settled,
  Settlement,
} from "#campaigns/repository.ts";
import { type SendAnswer, sendBatch, type Written, writeBatch } from "#campaigns/send-batch.ts";
import type { Spacing } from "#campaigns/spacing.ts";
import type { Tally } from "#campaigns/tally.ts";
import type { Clock } from "#lib/clock.ts";
import type { Mailer } from "#mail/mailer.ts";

export type SendDependencies = {
  campaigns: CampaignRepository;
  mailer: Mailer;
  clock: Clock;
  /** Requests at the provider at once. */
  wire: Permits;
  /** Lanes at work at once: those on the wire, and those whose batch is written down or made ready. */
  deck: Permits;
  /** Milliseconds between two requests of this account, over all processes; 0 is no pace of our own. */
  intervalMs: number;
  /** The same interval, kept among this process's own requests to the millisecond. */
  spacing: Spacing;
};

/** One claim's view: its proof, how its recipients are rendered, and whether its step has no time left. */
export type ClaimContext = { campaignId: string; token: string; render: Render; isLate: () => boolean };

/** Longer waits are left to the engine, where they cost nothing. */
const PATIENCE_MS = 5_000;
/** A key is not trusted in its last hour: the provider's clock is not ours. */
const KEY_MARGIN_MS = 60 * 60 * 1000;

/**
 * Sends batch after batch: marked just before the provider is called, and written down with the mark of the next
 * one, in one statement. Ends when there is no other batch, or with the first one that cannot be sent now.
 */
export async function runLane(
  deps: SendDependencies,
  context: ClaimContext,
  tally: Tally,
  nextBatch: () => Batch | undefined,
): Promise<void> {
  let sent: Settled | undefined;
  for (let batch = nextBatch(); batch; batch = nextBatch()) {
    const ref = { campaignId: context.campaignId, token: context.token, batchNo: batch.batchNo };
    if (isLost(batch, deps.mailer, deps.clock.now())) {
      await settle(deps, ref, tally, { batchNo: batch.batchNo, ...NOBODY, unknownCode: "outcome_unknown" });
      tally.settled(0, 0);
      continue;
    }
    const inDoubt = batch.status === "sending";
    const written = await markAndWrite(deps, context, ref, inDoubt, sent);
    sent = undefined;
    if ("state" in written) return tally.notMarked(written);

    const key = `${context.campaignId}:${batch.batchNo}`;
    const { answer, settlement } = await sendBatch(deps, key, written, () =>
      mayCallAgain(deps, context, ref, tally),
    );
    if (answer.kind !== "taken") return putBack(deps, ref, tally, inDoubt, written, answer, settlement);
    sent = { batchNo: batch.batchNo, ...settlement };
    tally.settled(Object.keys(settlement.sent).length, Object.keys(settlement.failed).length);
  }
  if (sent) await settle(deps, context, tally, sent);
}

/** Found in doubt (an earlier claim died while sending), and no key protects a repetition, or none any more. */
export function isLost(
  batch: Pick<Batch, "status" | "firstSendingAt">,
  mailer: Pick<Mailer, "remembersKeysForMs">,
  now: Date,
): boolean {
  if (batch.status !== "sending") return false;
  const { remembersKeysForMs } = mailer;
  if (remembersKeysForMs === undefined || batch.firstSendingAt === null) return true;
  return now.getTime() - Date.parse(batch.firstSendingAt) >= remembersKeysForMs - KEY_MARGIN_MS;
}

/** A function of its own, so that nothing holds on to the recipients while their mails wait for the wire. */
async function markAndWrite(
  deps: SendDependencies,
  { render }: ClaimContext,
  ref: BatchRef,
  again: boolean,
  sent: Settled | undefined,
): Promise<Written | Exclude<Mark, { state: "sending" }>> {
  const marked = await mark(deps, ref, again, sent);
  return marked.state === "sending" ? writeBatch(marked.recipients, render) : marked;
}

/** The mark, after the wait for a place in time that the account's pace may ask for. */
async function mark(
  { campaigns, mailer, intervalMs }: SendDependencies,
  ref: BatchRef,
  again: boolean,
  sent?: Settled,
): Promise<Mark> {
  const pace = { account: mailer.account, intervalMs, patienceMs: PATIENCE_MS };
  let answer = await campaigns.markBatch(ref, again, { ...pace, slot: null }, sent);
  while (answer.state === "wait" && answer.waitMs <= PATIENCE_MS) {
    const { waitMs, slot } = answer;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    answer = await campaigns.markBatch(ref, again, { ...pace, slot });
  }
  return answer;
}

/** Whether a search for bad addresses may go on. Why not is told to the other lanes: it is for all of them. */
async function mayCallAgain(
  deps: SendDependencies,
  { isLate }: ClaimContext,
  ref: BatchRef,
  tally: Tally,
): Promise<boolean> {
  // Another step begins the search anew, and meets the provider's memory of this one. Without keys there is no other.
  if (deps.mailer.remembersKeysForMs !== undefined && isLate()) return false;
  const marked = await mark(deps, ref, true);
  if (marked.state !== "sending") tally.notMarked(marked);
  return marked.state === "sending";
}

/** The provider did not take the batch, or nobody knows: it is left in the state that is safe, and the lane ends. */
async function putBack(
  deps: SendDependencies,
  ref: BatchRef,
  tally: Tally,
  inDoubt: boolean,
  { ids }: Written,
  { kind, error }: Exclude<SendAnswer, { kind: "taken" }>,
  settlement: Settlement,
): Promise<void> {
  if (kind === "stopped" && tally.stop === "lost") return;
  const isKeyed = deps.mailer.remembersKeysForMs !== undefined;
  const nothingTaken = kind !== "unknown" && Object.keys(settlement.sent).length === 0;
  const waitMs = error.retryAfterMs ?? 0;
  if (nothingTaken) await deps.campaigns.releaseBatch(ref, inDoubt, deps.mailer.account, waitMs);
  // Under a key the same request is simply repeated. Without keys it must never be, and what is canceled is not.
  else if (!isKeyed || tally.stop === "canceled") {
    const code = kind === "stopped" && tally.stop === "canceled" ? "canceled" : error.code;
    const isCertain = kind !== "unknown" && !inDoubt;
    if (isCertain)
      for (const id of ids) if (!isNamed(settlement, id)) settlement.failed[id] = [code, "not sent"];
    await settle(deps, ref, tally, { batchNo: ref.batchNo, ...settlement, unknownCode: code });
  }
  if (kind === "stopped") return;
  // The provider said when to come back: that is a wait, not a failure, and uses up no attempt.
  if (waitMs > 0) tally.mustWait(waitMs);
  else tally.failed(error);
}

const isNamed = ({ sent, failed }: Settlement, id: number) =>
  Object.hasOwn(sent, id) || Object.hasOwn(failed, id);

async function settle(
  { campaigns }: SendDependencies,
  claim: Pick<BatchRef, "campaignId" | "token">,
  tally: Tally,
  settled: Settled,
): Promise<void> {
  if (!(await campaigns.settleBatch(claim, settled))) tally.stop ??= "lost";
}

const NOBODY: Settlement = { sent: {}, failed: {} };
