import type { BatchAnswer, Mailer, MailResult } from "#campaigns/mailer.ts";
import { Packet } from "#campaigns/packet.ts";
import type { Permits } from "#campaigns/permits.ts";
import type { Recipient, Render } from "#campaigns/render-mail.ts";
import type { Spacing } from "#campaigns/spacing.ts";
import { splitRefused } from "#campaigns/split-refused.ts";

/** What is known of a batch's recipients, by subscriber id. */
export type Results = Map<number, MailResult>;

/** A batch ready for the wire: who is to get its mails, in their order, and who gets none because a field is missing. */
export type Written = { ids: readonly number[]; mails: Packet; missing: Results };

export function writeBatch(recipients: readonly Recipient[], render: Render): Written {
  const missing: Results = new Map();
  const ids: number[] = [];
  const mails: string[] = [];
  for (const recipient of recipients) {
    const rendered = render(recipient);
    if ("mail" in rendered) {
      ids.push(recipient.id);
      mails.push(rendered.mail);
    } else missing.set(recipient.id, { code: "missing_field", words: rendered.missing.join(", ") });
  }
  return { ids, mails: new Packet(mails), missing };
}

/**
 * Calls the provider with a marked batch. With any answer but `taken` the results are partial: what a split had found
 * out before the trouble began. `mayCallAgain`: every request after the first one asks before it is made; it keeps the
 * pace and stops when the claim is lost. `key` names the work, never the run: `campaign:batch`.
 */
export async function sendBatch(
  { mailer, wire, spacing }: { mailer: Mailer; wire: Permits; spacing: Spacing },
  key: string,
  { ids, mails, missing }: Written,
  mayCallAgain: () => Promise<boolean>,
): Promise<{ answer: BatchAnswer; results: Results }> {
  if (mails.count === 0) return { answer: { kind: "taken", results: [] }, results: missing };
  const send = (part: Packet, partKey: string) =>
    wire.hold(() => spacing.hold(() => mailer.sendBatch(part, partKey)));
  const answer = await send(mails, key);
  const results: Results = new Map(missing);
  const note = (of: Iterable<[number, MailResult]>) => {
    for (const [index, result] of of) {
      const id = ids[index];
      if (id !== undefined) results.set(id, result);
    }
  };
  if (answer.kind === "taken") note(answer.results.entries());
  if (answer.kind !== "refused" || answer.error.code !== "invalid_recipient") return { answer, results };
  const split = await splitRefused(mails, key, answer.error, async (part, partKey) =>
    (await mayCallAgain()) ? send(part, partKey) : { kind: "unknown", error: answer.error },
  );
  note(split.results);
  return { answer: split.answer, results };
}
