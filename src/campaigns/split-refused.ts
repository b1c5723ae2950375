import { AppError } from "#lib/errors.ts";
import type { BatchAnswer, MailResult } from "#mail/mailer.ts";

/** We ended the search between two requests. */
export type Stopped = { kind: "stopped"; error: AppError };
type Send = (mails: readonly string[], idempotencyKey: string) => Promise<BatchAnswer | Stopped>;
/** The results so far, by position in the batch, and the answer that ended the search early, if there is one. */
export type SplitResult = { results: Map<number, MailResult>; answer: BatchAnswer | Stopped };

/**
 * After so many single refusals and no accepted mail, the cause is not the mails. A full search of 100 mails is 199
 * requests.
 */
const ENOUGH_REFUSED = 8;

/**
 * A provider refused a whole batch because of some of its mails. Halves are sent under their own keys until each bad
 * mail is alone and fails alone. A batch always splits in the same way, so that the provider recognises the keys of a
 * repeated search.
 */
export async function splitRefused(
  mails: readonly string[],
  key: string,
  error: AppError,
  send: Send,
): Promise<SplitResult> {
  const results = new Map<number, MailResult>();
  const isNobodyTaken = () => [...results.values()].every((result) => "code" in result);

  type Ended = BatchAnswer | Stopped | undefined;
  const search = async (from: number, to: number, refusal: AppError): Promise<Ended> => {
    if (to - from === 1) {
      results.set(from, { code: refusal.code, words: refusal.message });
      return results.size >= ENOUGH_REFUSED && isNobodyTaken()
        ? everybodyRefused(results.values())
        : undefined;
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

  const ended = await search(0, mails.length, error);
  if (ended) return { results, answer: ended };
  if (mails.length > 1 && isNobodyTaken()) return { results, answer: everybodyRefused(results.values()) };
  return { results, answer: { kind: "taken", results: [] } };
}

/** When each of several mails is refused, the request is wrong, so no recipient is marked as failed. */
export function everybodyRefused(results: Iterable<MailResult>): BatchAnswer {
  const words = [...results].map((result) => ("words" in result ? result.words : ""));
  const message = `Each of ${words.length} mails was refused: ${words[0]}`;
  return { kind: "refused", error: new AppError("provider_rejected", message) };
}
