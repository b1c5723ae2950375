import type { Recipient, Render } from "#campaigns/render-mail.ts";
import type { Batch, Outcome } from "#campaigns/repository.ts";
import { sendInHalves } from "#campaigns/send-in-halves.ts";
import { AppError } from "#lib/errors.ts";
import type { Mailer, Stop } from "#mail/mailer.ts";
import type { Pace } from "#mail/pace.ts";

type Call = {
  campaignId: string;
  render: Render;
  mailer: Pick<Mailer, "sendBatch" | "remembersKeysForMs">;
  pace: Pick<Pace, "reach">;
  isLate: () => boolean;
};

const NO_TIME = new AppError("provider_rate_limited", "The step has no time left", { retryAfterMs: 0 });

/** `outcome` is recorded; without an outcome the batch stays in doubt. */
type Ended = { outcome?: Outcome; stop?: Stop };

/**
 * Sends a batch to the provider. The idempotency key is made from the campaign and the batch, so a later run uses the
 * same key.
 */
export async function sendBatch(call: Call, { batchNo, inDoubt, recipients }: Batch): Promise<Ended> {
  const { mailer, pace } = call;
  const { mails, failed } = writeMails(recipients, call.render);
  if (mails.size === 0) return { outcome: { batchNo, sent: {}, failed } };
  const key = `${call.campaignId}:${batchNo}`;
  const { results, answer } = await sendInHalves([...mails.values()], key, async (some, itsKey) => {
    // The rate limit has already admitted the first request of a batch, but not the requests of a search for bad mails.
    const isSearch = some.length < mails.size;
    // When this step has no time left, a later step continues the search.
    const pause = isSearch ? (call.isLate() ? NO_TIME : await pace.reach()) : undefined;
    return pause ? { kind: "stopped", error: pause } : mailer.sendBatch(some, itsKey);
  });
  const ids = [...mails.keys()];
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
    return { outcome: results.size < mails.size ? { ...outcome, rest: "open" } : outcome };

  // With an idempotency key the same request can simply be repeated.
  if (inDoubt || (mailer.remembersKeysForMs !== undefined && !isNothingTaken)) return { stop: answer };
  if (isNothingTaken) return { stop: answer, outcome: putBack(batchNo) };
  return {
    stop: answer,
    outcome: { ...outcome, rest: answer.kind === "unknown" ? answer.error.code : "open" },
  };
}

/** The provider accepted nothing of this batch. */
export const putBack = (batchNo: number): Outcome => ({ batchNo, sent: {}, failed: {}, rest: "open" });

/** Renders the mails, by recipient. */
export function writeMails(recipients: readonly Recipient[], render: Render) {
  const failed: Outcome["failed"] = {};
  const mails = new Map<number, string>();
  for (const recipient of recipients) {
    const rendered = render(...recipient);
    if ("mail" in rendered) mails.set(recipient[0], rendered.mail);
    else failed[recipient[0]] = ["missing_field", rendered.missing.join(", ")];
  }
  return { mails, failed };
}
