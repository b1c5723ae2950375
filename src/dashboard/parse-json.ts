import { Problem } from "#dashboard/api.ts";

/** Parses JSON that a person typed. Throws a problem that says what to do when the text is not JSON. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem({
      status: 400,
      code: "page",
      detail: `The ${what} is no JSON.`,
      hint: "Correct it, then send again.",
    });
  }
}
