import type { BatchAnswer, MailResult } from "#campaigns/mailer.ts";
import type { Packet } from "#campaigns/packet.ts";
import { AppError } from "#lib/errors.ts";

type Send = (mails: Packet, idempotencyKey: string) => Promise<BatchAnswer>;
/** What is known by place in the batch, and the answer that ended the search early, if one did. */
export type SplitResult = { results: Map<number, MailResult>; answer: BatchAnswer };

/**
 * A provider refused the whole batch because of some of its mails: halves are sent under keys of their own until
 * the bad ones stand alone and fail alone. The same batch always splits the same way, so a repeated search meets
 * the provider's memory of the first one.
 */
export async function splitRefused(
  mails: Packet,
  key: string,
  error: AppError,
  send: Send,
): Promise<SplitResult> {
  const results = new Map<number, MailResult>();

  const search = async (from: number, to: number, refusal: AppError): Promise<BatchAnswer | undefined> => {
    if (to - from === 1) {
      results.set(from, { code: refusal.code, words: refusal.message });
      return undefined;
    }
    const middle = Math.ceil((from + to) / 2);
    for (const [start, end] of [[from, middle] as const, [middle, to] as const]) {
      const answer = await send(mails.slice(start, end), `${key}/${start}-${end}`);
      if (answer.kind === "taken") {
        for (const [index, result] of answer.results.entries()) results.set(start + index, result);
      } else if (answer.kind === "refused" && answer.error.code === "invalid_recipient") {
        const ended = await search(start, end, answer.error);
        if (ended) return ended;
      } else return answer;
    }
    return undefined;
  };

  const ended = await search(0, mails.count, error);
  if (ended) return { results, answer: ended };
  const isTheRequest = mails.count > 1 && [...results.values()].every((result) => "code" in result);
  if (isTheRequest) {
    const everybody = new AppError(
      "provider_rejected",
      `Each of ${mails.count} mails was refused: ${error.message}`,
    );
    return { results: new Map(), answer: { kind: "refused", error: everybody } };
  }
  return { results, answer: { kind: "taken", results: [] } };
}
