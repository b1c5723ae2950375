import { Problem } from "#dashboard/api.ts";

/** Parses the JSON that a person typed. If it is no JSON, throws a problem that says what to do. */
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
