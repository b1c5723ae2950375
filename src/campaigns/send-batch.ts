import type { Permits } from "#campaigns/permits.ts";
import type { Recipient, Render } from "#campaigns/render-mail.ts";
import type { Settlement } from "#campaigns/repository.ts";
import type { Spacing } from "#campaigns/spacing.ts";
import { everybodyRefused, type Stopped, splitRefused } from "#campaigns/split-refused.ts";
import { AppError } from "#lib/errors.ts";
import type { BatchAnswer, Mailer, MailResult } from "#mail/mailer.ts";
import { Packet } from "#mail/packet.ts";

export type SendAnswer = BatchAnswer | Stopped;

/** A batch ready for the wire: who is to get its mails, in their order, and who gets none because a field is missing. */
export type Written = { ids: readonly number[]; mails: Packet; missing: Settlement["failed"] };

export function writeBatch(recipients: readonly Recipient[], render: Render): Written {
  const missing: Settlement["failed"] = {};
  const ids: number[] = [];
  const mails: string[] = [];
  for (const recipient of recipients) {
    const rendered = render(recipient);
    if ("mail" in rendered) {
      ids.push(recipient.id);
      mails.push(rendered.mail);
    } else missing[recipient.id] = ["missing_field", rendered.missing.join(", ")];
  }
  return { ids, mails: new Packet(mails), missing };
}

/**
 * Calls the provider with a marked batch. With any answer but `taken` the settlement is partial: what a split had found
 * out before the trouble began. `mayCallAgain`: every request after the first one asks before it is made; it keeps the
 * pace and says when to stop. `key` names the work, never the run: `campaign:batch`.
 */
export async function sendBatch(
  { mailer, wire, spacing }: { mailer: Mailer; wire: Permits; spacing: Spacing },
  key: string,
  { ids, mails, missing }: Written,
  mayCallAgain: () => Promise<boolean>,
): Promise<{ answer: SendAnswer; settlement: Settlement }> {
  const settlement: Settlement = { sent: {}, failed: { ...missing } };
  if (mails.count === 0) return { answer: { kind: "taken", results: [] }, settlement };
  const note = (index: number, result: MailResult) => {
    const id = ids[index];
    if (id === undefined) return;
    if ("messageId" in result) settlement.sent[id] = result.messageId;
    else settlement.failed[id] = [result.code, result.words];
  };
  const send = (part: Packet, partKey: string) =>
    wire.hold(() => spacing.hold(() => mailer.sendBatch(part, partKey)));

  const answer = await send(mails, key);
  if (answer.kind === "taken") {
    if (mails.count > 1 && answer.results.every((result) => "code" in result))
      return { answer: everybodyRefused(answer.results), settlement };
    for (const [index, result] of answer.results.entries()) note(index, result);
  }
  if (answer.kind !== "refused" || answer.error.code !== "invalid_recipient") return { answer, settlement };
  const split = await splitRefused(mails, key, answer.error, async (part, partKey) =>
    (await mayCallAgain()) ? send(part, partKey) : STOPPED,
  );
  for (const [index, result] of split.results) note(index, result);
  return { answer: split.answer, settlement };
}

const STOPPED: Stopped = {
  kind: "stopped",
  error: new AppError("provider_rate_limited", "The search for bad addresses goes on later"),
};
