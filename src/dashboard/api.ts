/** The page's only way to the data: `/api`, with the key of this tab. */
import { createClient, Problem } from "#client/index.ts";
import { currentKey, forgetKey } from "./key.ts";

export { Problem };

export const api = createClient({ key: currentKey });

/** Whatever went wrong, as something that can be shown. A key that does not fit is forgotten: the page asks for another. */
export function problemOf(error: unknown): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem({ status: 500, code: "page", detail: String(error), hint: "Reload the page." });
  if (problem.status === 401) forgetKey("The API does not know this key.");
  return problem;
}
