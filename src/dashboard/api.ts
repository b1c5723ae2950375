/** The page reads all data from `/api`, with the key of this tab. */
import { createClient, Problem } from "#client/index.ts";
import { currentKey, forgetKey } from "./key.ts";

export { Problem };

export const api = createClient({ key: currentKey });

/** Converts any error to one that can be shown. A refused key is removed, so that the page asks for another one. */
export function problemOf(error: unknown): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem({ status: 500, code: "page", detail: String(error), hint: "Reload the page." });
  if (problem.status === 401) forgetKey("The API does not know this key.");
  return problem;
}
