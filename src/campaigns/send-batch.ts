import type { BatchAnswer, Mail, Mailer, MailResult } from "#campaigns/mailer.ts";
import type { Permits } from "#campaigns/permits.ts";
import type { Recipient, Rendered } from "#campaigns/render-mail.ts";
import type { Batch, CampaignRepository, Settlement } from "#campaigns/repository.ts";
import { type SplitResult, splitRefused } from "#campaigns/split-refused.ts";
import type { Clock } from "#lib/clock.ts";
import { type AppError, codeOf } from "#lib/errors.ts";

export type SendDependencies = {
  campaigns: CampaignRepository;
  mailer: Mailer;
  clock: Clock;
  /** Requests at the provider at once. */
  wire: Permits;
  /** Batches marked as sending at once: those on the wire and a few that are ready to follow. */
  deck: Permits;
  /** Milliseconds between two requests of this account, over all processes; 0 is no pace of our own. */
  intervalMs: number;
};

/** One claim's view: its proof, and how its recipients are rendered. */
export type ClaimContext = { campaignId: string; token: string; render: (recipient: Recipient) => Rendered };

/**
 * What became of a batch. `wait`: nothing was sent, try again in so long. `lost`: another claim works on it.
 * `failed`: the provider is in trouble; the error says whether another try makes sense.
 */
export type BatchOutcome =
  | { state: "settled"; sent: number; failed: number }
  | { state: "wait"; waitMs: number }
  | { state: "lost" | "canceled" }
  | { state: "failed"; error: AppError };

/** Longer waits are left to the engine, where they cost nothing. */
const PATIENCE_MS = 5_000;
/** A key is not trusted in its last hour: the provider's clock is not ours. */
const KEY_MARGIN_MS = 60 * 60 * 1000;

/**
 * Sends one batch: marks it just before the provider is called, calls, writes down the answer. The key names the
 * work (`campaign:batch`), never the run.
 */
export async function sendBatch(
  deps: SendDependencies,
  context: ClaimContext,
  batch: Batch,
): Promise<BatchOutcome> {
  if (isLost(batch, deps.mailer, deps.clock.now()))
    return settle(deps, context, batch, new Map(), "outcome_unknown");

  const tried = await deps.deck.hold(() => markAndSend(deps, context, batch));
  if ("state" in tried) return tried;
  const { results, answer } = tried;
  if (answer.kind === "taken") return settle(deps, context, batch, results);

  const { error } = answer;
  const nothingTaken =
    answer.kind === "refused" && ![...results.values()].some((result) => "messageId" in result);
  if (nothingTaken) {
    const waitMs = error.code === "provider_rate_limited" ? (error.retryAfterMs ?? 0) : 0;
    await deps.campaigns.releaseBatch({ ...context, batchNo: batch.batchNo }, deps.mailer.account, waitMs);
    if (waitMs > 0) return { state: "wait", waitMs };
  } else if (deps.mailer.remembersKeysForMs === undefined) {
    // Under a key the same request is simply repeated. Without keys it must never be.
    await settle(deps, context, batch, results, error.code);
  }
  return { state: "failed", error };
}

/** Found in doubt (an earlier claim died while sending), and no key protects a repetition, or none any more. */
export function isLost(
  batch: Pick<Batch, "status" | "firstSendingAt">,
  mailer: Pick<Mailer, "remembersKeysForMs">,
  now: Date,
) {
  if (batch.status !== "sending") return false;
  const { remembersKeysForMs } = mailer;
  if (remembersKeysForMs === undefined || batch.firstSendingAt === null) return true;
  return now.getTime() - Date.parse(batch.firstSendingAt) >= remembersKeysForMs - KEY_MARGIN_MS;
}

type Results = Map<number, MailResult>;

/** Marks, renders, calls. The results are by subscriber id; those of an answer that was no success are partial. */
async function markAndSend(deps: SendDependencies, context: ClaimContext, batch: Batch) {
  const marked = await mark(deps, context, batch.batchNo, batch.status === "sending");
  if (marked.state !== "sending") return marked;

  const results: Results = new Map();
  const skipped = new Set(marked.skipped);
  const ids: number[] = [];
  const mails: Mail[] = [];
  for (const recipient of batch.recipients) {
    if (skipped.has(recipient.id)) continue;
    const rendered = context.render(recipient);
    if ("mail" in rendered) {
      ids.push(recipient.id);
      mails.push(rendered.mail);
    } else results.set(recipient.id, { code: "missing_field", words: rendered.missing.join(", ") });
  }

  const called = mails.length > 0 ? await callProvider(deps, context, batch.batchNo, mails) : NOBODY;
  for (const [index, id] of ids.entries()) {
    const result = called.results.get(index);
    if (result) results.set(id, result);
  }
  return { results, answer: called.answer };
}

const NOBODY: SplitResult = { results: new Map(), answer: { kind: "taken", results: [] } };

async function callProvider(
  deps: SendDependencies,
  context: ClaimContext,
  batchNo: number,
  mails: readonly Mail[],
) {
  const key = `${context.campaignId}:${batchNo}`;
  const send = (part: readonly Mail[], partKey: string) =>
    deps.wire.hold(() => deps.mailer.sendBatch(part, partKey));
  const answer = await send(mails, key);
  if (answer.kind === "taken")
    return { answer, results: new Map<number, MailResult>(answer.results.entries()) };
  if (answer.kind !== "refused" || answer.error.code !== "invalid_recipient")
    return { answer, results: new Map<number, MailResult>() };
  return splitRefused(mails, key, answer.error, async (part, partKey): Promise<BatchAnswer> => {
    // Every part is a request like any other: it keeps the pace, and stops when the claim is lost.
    const marked = await mark(deps, context, batchNo, true);
    return marked.state === "sending" ? send(part, partKey) : { kind: "unknown", error: answer.error };
  });
}

/** The mark, after the wait for a place in time that the account's pace may ask for. */
async function mark(deps: SendDependencies, context: ClaimContext, batchNo: number, again: boolean) {
  const pace = { account: deps.mailer.account, intervalMs: deps.intervalMs, patienceMs: PATIENCE_MS };
  for (let slot: string | null = null; ; ) {
    const answer = await deps.campaigns.markBatch({ ...context, batchNo }, again, { ...pace, slot });
    if (answer.state === "sending") return answer;
    if (answer.state !== "wait") return { state: answer.state };
    if (answer.waitMs > PATIENCE_MS) return { state: "wait" as const, waitMs: answer.waitMs };
    await new Promise((resolve) => setTimeout(resolve, answer.waitMs));
    slot = answer.slot;
  }
}

async function settle(
  { campaigns }: SendDependencies,
  context: ClaimContext,
  { batchNo }: Batch,
  results: Results,
  unknownCode?: string,
): Promise<BatchOutcome> {
  const settlement: Settlement = {
    sent: {},
    failed: {},
    ...(unknownCode === undefined ? {} : { unknownCode }),
  };
  let sent = 0;
  for (const [id, result] of results) {
    if ("messageId" in result) {
      settlement.sent[id] = result.messageId;
      sent += 1;
    } else settlement.failed[id] = [result.code, result.words];
  }
  try {
    await campaigns.settleBatch({ ...context, batchNo }, settlement);
  } catch (error) {
    if (codeOf(error) === "conflict") return { state: "lost" };
    throw error;
  }
  return { state: "settled", sent, failed: results.size - sent };
}
