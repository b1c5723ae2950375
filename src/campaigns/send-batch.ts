import type { BatchAnswer, Mail, Mailer, MailResult } from "#campaigns/mailer.ts";
import type { Permits } from "#campaigns/permits.ts";
import type { Recipient, Rendered } from "#campaigns/render-mail.ts";
import type { Spacing } from "#campaigns/spacing.ts";
import { type SplitResult, splitRefused } from "#campaigns/split-refused.ts";

/** What is known of a batch's recipients, by subscriber id. */
export type Results = Map<number, MailResult>;

type Request = {
  /** Names the work, never the run: `campaign:batch`. */
  key: string;
  recipients: readonly Recipient[];
  render: (recipient: Recipient) => Rendered;
  /** Every request after the first one asks before it is made: it keeps the pace and stops when the claim is lost. */
  mayCallAgain: () => Promise<boolean>;
};

/**
 * Renders a marked batch and calls the provider. With any answer but `taken` the results are partial: what a
 * split had found out before the trouble began.
 */
export async function sendBatch(
  { mailer, wire, spacing }: { mailer: Mailer; wire: Permits; spacing: Spacing },
  { key, recipients, render, mayCallAgain }: Request,
): Promise<{ answer: BatchAnswer; results: Results }> {
  const results: Results = new Map();
  const ids: number[] = [];
  const mails: Mail[] = [];
  for (const recipient of recipients) {
    const rendered = render(recipient);
    if ("mail" in rendered) {
      ids.push(recipient.id);
      mails.push(rendered.mail);
    } else results.set(recipient.id, { code: "missing_field", words: rendered.missing.join(", ") });
  }
  if (mails.length === 0) return { answer: { kind: "taken", results: [] }, results };

  const send = (part: readonly Mail[], partKey: string) =>
    wire.hold(() => spacing.hold(() => mailer.sendBatch(part, partKey)));
  const called = await callProvider(mails, key, send, mayCallAgain);
  for (const [index, id] of ids.entries()) {
    const result = called.results.get(index);
    if (result) results.set(id, result);
  }
  return { answer: called.answer, results };
}

async function callProvider(
  mails: readonly Mail[],
  key: string,
  send: (part: readonly Mail[], partKey: string) => Promise<BatchAnswer>,
  mayCallAgain: () => Promise<boolean>,
): Promise<SplitResult> {
  const answer = await send(mails, key);
  if (answer.kind === "taken")
    return { answer, results: new Map<number, MailResult>(answer.results.entries()) };
  if (answer.kind === "unknown" || answer.error.code !== "invalid_recipient") {
    return { answer, results: new Map<number, MailResult>() };
  }
  return splitRefused(mails, key, answer.error, async (part, partKey) =>
    (await mayCallAgain()) ? send(part, partKey) : { kind: "unknown", error: answer.error },
  );
}
