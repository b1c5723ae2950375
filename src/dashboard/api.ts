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
    // The page asks for another key. A key that was entered meanwhile was not refused, and stays.
    if (answer.status === 401 && key !== null && key === currentKey())
      forgetKey("The API does not know this key.");
    return answer;
  },
});

/** What is wrong and what to do, as sentences of one text. */
export const sentencesOf = ({ detail, hint }: Problem): string => `${withStop(detail)} ${hint}`.trim();

/** Converts any error to one that can be shown. */
export function problemOf(error: unknown): Problem {
  return error instanceof Problem
    ? error
    : new Problem({ status: 500, code: "page", detail: String(error), hint: "Reload the page." });
}
