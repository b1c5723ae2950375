import type { Recipient, Render } from "#campaigns/render-mail.ts";
import type { Batch, Outcome } from "#campaigns/repository.ts";
import { type Stopped, sendInHalves } from "#campaigns/send-in-halves.ts";
import type { AppError } from "#lib/errors.ts";
import { type BatchAnswer, type Mailer, refusesAll } from "#mail/mailer.ts";
import type { Pace } from "#mail/pace.ts";

type Call = {
  campaignId: string;
  render: Render;
  mailer: Pick<Mailer, "sendBatch" | "remembersKeysForMs">;
  pace: Pick<Pace, "reach">;
  isLate: () => boolean;
};

/**
 * `outcome` is recorded; without an outcome the batch stays in doubt. `error` is what went wrong; `isRefused`: the
 * provider takes no mail at all. `waitMs`: after this time the search for bad mails continues.
 */
export type Ended = { outcome?: Outcome; error?: AppError; isRefused?: boolean; waitMs?: number };

/**
 * Sends a batch to the provider. The idempotency key is made from the campaign and the batch, so a later run uses the
 * same key.
 */
export async function sendBatch(call: Call, { batchNo, inDoubt, recipients }: Batch): Promise<Ended> {
  const { ids, mails, failed } = writeMails(recipients, call.render);
  if (mails.length === 0) return { outcome: { batchNo, sent: {}, failed } };
  const { results, answer } = await sendInHalves(mails, `${call.campaignId}:${batchNo}`, (some, key) =>
    ask(call, some, key, some.length < mails.length),
  );
  const sent: Outcome["sent"] = {};
  let isNothingTaken = answer.kind !== "unknown";
  for (const [index, result] of results) {
    const id = String(ids[index]);
    if ("messageId" in result) sent[id] = result.messageId;
    else failed[id] = "code" in result ? [result.code, result.words] : ["outcome_unknown", result.doubt];
    isNothingTaken &&= "code" in result;
  }
  const outcome: Outcome = { batchNo, sent, failed };
  if (answer.kind === "taken")
    return { outcome: results.size < mails.length ? { ...outcome, rest: "open" } : outcome };

  const why =
    answer.kind === "stopped"
      ? { waitMs: answer.waitMs }
      : { error: answer.error, isRefused: refusesAll(answer) };
  // With an idempotency key the same request can simply be repeated.
  if (inDoubt || (call.mailer.remembersKeysForMs !== undefined && !isNothingTaken)) return why;
  if (isNothingTaken) return { ...why, outcome: putBack(batchNo) };
  return { ...why, outcome: { ...outcome, rest: answer.kind === "unknown" ? answer.error.code : "open" } };
}

/** The provider accepted nothing of this batch. */
export const putBack = (batchNo: number): Outcome => ({ batchNo, sent: {}, failed: {}, rest: "open" });

export function writeMails(recipients: readonly Recipient[], render: Render) {
  const failed: Outcome["failed"] = {};
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

/** The rate limit has already admitted the first request of a batch, but not the requests of a search for bad mails. */
async function ask(
  { mailer, pace, isLate }: Call,
  mails: readonly string[],
  key: string,
  isSearch: boolean,
): Promise<BatchAnswer | Stopped> {
  // When this step has no time left, a later step repeats the search, because the provider recognises the keys. Without
  // keys the search cannot be repeated, so it continues here.
  if (isSearch && mailer.remembersKeysForMs !== undefined && isLate()) return { kind: "stopped", waitMs: 0 };
  const waitMs = isSearch ? await pace.reach() : 0;
  return waitMs > 0 ? { kind: "stopped", waitMs } : mailer.sendBatch(mails, key);
}
