import type { Recipient, Render } from "#campaigns/render-mail.ts";
import type { Batch, Outcome } from "#campaigns/repository.ts";
import type { Semaphore } from "#campaigns/semaphore.ts";
import { everybodyRefused, type Stopped, splitRefused } from "#campaigns/split-refused.ts";
import { AppError } from "#lib/errors.ts";
import type { BatchAnswer, Mailer, MailResult } from "#mail/mailer.ts";
import type { Pace } from "#mail/pace.ts";

type Call = {
  campaignId: string;
  render: Render;
  mailer: Pick<Mailer, "sendBatch" | "remembersKeysForMs">;
  pace: Pick<Pace, "reach">;
  inFlight: Semaphore;
  /** The caller already holds a permit for this batch. */
  holdsPermit: boolean;
  isLate: () => boolean;
};

/** `outcome` is recorded; without one the batch stays in doubt. `error` is what went wrong. */
type Ended = { outcome?: Outcome; error?: AppError };
type Named = { sent: Record<string, string>; failed: Record<string, [code: string, words: string]> };

/** Sends a batch to the provider. The idempotency key comes from the work, never from the run. */
export async function sendBatch(call: Call, { batchNo, inDoubt, recipients }: Batch): Promise<Ended> {
  const { ids, mails, failed } = writeMails(recipients, call.render);
  const named: Named = { sent: {}, failed };
  const answer = await callProvider(call, `${call.campaignId}:${batchNo}`, mails, (index, result) => {
    const id = ids[index];
    if (id === undefined) return;
    if ("messageId" in result) named.sent[id] = result.messageId;
    else named.failed[id] = [result.code, result.words];
  });
  if (answer.kind === "taken") return { outcome: { batchNo, ...named } };

  const error =
    answer.kind === "stopped" && answer.error.retryAfterMs === undefined ? {} : { error: answer.error };
  const isNothingTaken = answer.kind !== "unknown" && Object.keys(named.sent).length === 0;
  if (isNothingTaken) return { ...error, ...(inDoubt ? {} : { outcome: { batchNo, putBack: true } }) };
  // With an idempotency key the same request can simply be repeated.
  if (call.mailer.remembersKeysForMs !== undefined) return error;
  const { code } = answer.error;
  const isCertain = answer.kind !== "unknown" && !inDoubt;
  for (const id of isCertain ? ids : [])
    if (!Object.hasOwn(named.sent, id)) named.failed[id] ??= [code, "not sent"];
  return { ...error, outcome: { batchNo, ...named, unknownCode: code } };
}

export function writeMails(recipients: readonly Recipient[], render: Render) {
  const failed: Named["failed"] = {};
  const ids: number[] = [];
  const mails: string[] = [];
  for (const recipient of recipients) {
    const rendered = render(recipient);
    if ("mail" in rendered) {
      ids.push(recipient.id);
      mails.push(rendered.mail);
    } else failed[recipient.id] = ["missing_field", rendered.missing.join(", ")];
  }
  return { ids, mails, failed };
}

/**
 * Sends the batch and returns the answer. `note` is called for each mail when the answer is `taken`; with any other
 * answer, only for what a search for bad addresses has found.
 */
async function callProvider(
  { mailer, pace, inFlight, holdsPermit, isLate }: Call,
  key: string,
  mails: readonly string[],
  note: (index: number, result: MailResult) => void,
): Promise<BatchAnswer | Stopped> {
  if (mails.length === 0) return { kind: "taken", results: [] };
  const ask = (mails: readonly string[], key: string) =>
    holdsPermit ? mailer.sendBatch(mails, key) : inFlight.hold(() => mailer.sendBatch(mails, key));
  const answer = await ask(mails, key);
  if (answer.kind === "taken") {
    if (mails.length > 1 && answer.results.every((result) => "code" in result))
      return everybodyRefused(answer.results);
    for (const [index, result] of answer.results.entries()) note(index, result);
  }
  if (answer.kind !== "refused" || answer.error.code !== "invalid_recipient") return answer;

  const split = await splitRefused(mails, key, answer.error, async (mails, key) => {
    // When this step has no time left, another step starts the search again: the provider recognises the keys. Without
    // keys the search cannot be repeated, so it continues.
    if (mailer.remembersKeysForMs !== undefined && isLate()) return stopped();
    const waitMs = await pace.reach();
    return waitMs > 0 ? stopped(waitMs) : ask(mails, key);
  });
  for (const [index, result] of split.results) note(index, result);
  return split.answer;
}

const stopped = (retryAfterMs?: number): Stopped => ({
  kind: "stopped",
  error: new AppError("provider_rate_limited", "The search for bad addresses continues later", {
    retryAfterMs,
  }),
});
