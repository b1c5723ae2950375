import { AppError } from "#lib/errors.ts";
import type { BatchAnswer, Mailer, MailResult } from "#mail/mailer.ts";

/**
 * When a provider has refused this many single mails and accepted none, the cause is the request and not the mails. A
 * full search of 100 mails takes 199 requests.
 */
const ENOUGH_REFUSED = 8;

/**
 * Sends a batch. When the provider refuses the whole batch because of some mails, each half is sent under its own key,
 * then halves of the halves, until each bad mail is alone and fails alone. A batch is always split in the same way, so
 * that the provider recognizes the keys of a repeated search. Returns the results so far, by position in the batch, and
 * the last answer.
 */
export async function sendInHalves(mails: readonly string[], key: string, send: Mailer["sendBatch"]) {
  const results = new Map<number, MailResult>();
  const isAllRefused = (enough: number) =>
    results.size >= enough && [...results.values()].every((result) => "code" in result);

  const sendRange = async (from: number, to: number): Promise<BatchAnswer> => {
    const isWhole = to - from === mails.length;
    const answer = await send(mails.slice(from, to), isWhole ? key : `${key}/${from}-${to}`);
    for (const [index, result] of (answer.results ?? []).entries())
      if (result) results.set(from + index, result);
    if (answer.kind !== "refused" || answer.error.code !== "invalid_recipient") return answer;
    if (to - from === 1) {
      results.set(from, { code: answer.error.code, words: answer.error.message });
      return isAllRefused(ENOUGH_REFUSED) ? refusedAll(results) : { kind: "taken", results: [] };
    }
    const middle = Math.ceil((from + to) / 2);
    const first = await sendRange(from, middle);
    return first.kind === "taken" ? sendRange(middle, to) : first;
  };

  const answer = await sendRange(0, mails.length);
  const isWrong = answer.kind === "taken" && mails.length > 1 && isAllRefused(mails.length);
  return { results, answer: isWrong ? refusedAll(results) : answer };
}

/**
 * When each of several mails is refused, the cause is the request and not the mails, so no recipient is marked as
 * failed.
 */
function refusedAll(results: ReadonlyMap<number, MailResult>): BatchAnswer {
  const [first] = results.values();
  const words = first && "words" in first ? first.words : "";
  const message = `Each of ${results.size} mails was refused: ${words}`;
  return { kind: "refused", error: new AppError("provider_rejected", message) };
}
