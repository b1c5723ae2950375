/** The page reads all data from `/api`, with the key of this tab. */
import { createClient, Problem } from "#client/index.ts";
import { withStop } from "./format.ts";
import { currentKey, forgetKey } from "./key.ts";

export { Problem };

export const api = createClient({
  key: currentKey,
  async fetch(input, init) {
    const key = currentKey();
    const answer = await fetch(input, init);
    // Removes the refused key, so that the page asks for another key. A key that was entered during the request was not
    // refused, so it is kept.
    if (answer.status === 401 && key !== null && key === currentKey())
      forgetKey("The API does not know this key.");
    return answer;
  },
});

const UNKNOWN = "The request may have been carried out. Check before you try again.";

/**
 * What is wrong with an action, and what to do. An action is not repeated automatically, because it may have been done
 * although no answer came.
 */
export const sentencesOf = ({ status, detail, hint }: Problem): string =>
  `${withStop(detail)} ${status === 0 ? UNKNOWN : hint}`.trim();

/** Converts any error to a problem, because the page can only show problems. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem({ status: 500, code: "page", detail: String(error), hint: "Reload the page." });
}
