import type { z } from "zod";
import { cut } from "#lib/cut.ts";
import { AppError } from "#lib/errors.ts";
import { plainIssue } from "#lib/http/plain-issue.ts";

export type WrongField = { field: string; message: string };

/** An error names at most this many wrong fields. */
const MAX_FIELDS = 20;
const MAX_NAME_CHARS = 200;

/**
 * The value, parsed by the schema. Throws `invalid_request`, which names the wrong field of the query or body and lists
 * all wrong fields in `details`. `parent`: the field that has the value, when it is not the whole query or body.
 */
export function parseFields<Value>(
  schema: z.ZodType<Value>,
  value: unknown,
  where: "query" | "body",
  parent = "",
): Value {
  const parsed = schema.safeParse(value, { error: plainIssue });
  if (parsed.success) return parsed.data;
  const details = wrongFields(parsed.error).map(({ field, message }) => ({
    field: [parent, field].filter(Boolean).join("."),
    message,
  }));
  const [first] = details;
  const named = first?.field ? `${where} field "${first.field}"` : where;
  const message = first?.message ?? "is unreadable";
  const isPredicate = /^(is|must|has|cannot)\b/.test(message);
  throw new AppError("invalid_request", `The ${named}${isPredicate ? " " : " is not valid: "}${message}`, {
    details,
  });
}

/**
 * Which fields are wrong, and why, including fields inside alternatives and unknown fields. A field with several errors
 * is listed once, with its first error, because the first error often causes the others. An independent second error is
 * reported when the first is corrected.
 */
export const wrongFields = ({ issues }: z.ZodError): WrongField[] => {
  const messages = new Map<string, string>();
  for (const { field, message } of issues.flatMap((issue) => explain(issue, [])))
    if (!messages.has(field)) messages.set(field, message);
  return [...messages].slice(0, MAX_FIELDS).map(([field, message]) => ({ field, message }));
};

function explain(issue: z.core.$ZodIssue, parents: readonly PropertyKey[]): WrongField[] {
  const path = [...parents, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: name([...path, key]), message: "is not a known field" }));
  }
  if (issue.code === "invalid_union" && !isMixed(issue.errors)) {
    const closest = closestTo(issue.errors);
    if (closest !== undefined) return closest.flatMap((inner) => explain(inner, path));
  }
  return [{ field: name(path), message: issue.message }];
}

/**
 * Whether the value has all fields of one alternative and also a field of another alternative. Each of these fields is
 * known, so the message of the union is shown instead.
 */
function isMixed(alternatives: readonly z.core.$ZodIssue[][]): boolean {
  const unknown = alternatives.map((issues) =>
    issues.flatMap((issue) =>
      issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [],
    ),
  );
  const fits = alternatives.findIndex((issues) =>
    issues.every(({ code, path }) => code === "unrecognized_keys" && path.length === 0),
  );
  return (
    unknown[fits]?.some((key) => unknown.some((keys) => !keys.includes(key) && keys.length > 0)) ?? false
  );
}

/**
 * The alternative that the caller most likely meant: the one with the deepest errors. Of alternatives with equally deep
 * errors, the one with the fewest errors.
 */
const closestTo = (alternatives: readonly z.core.$ZodIssue[][]) =>
  alternatives
    .filter((issues) => issues.length > 0)
    .toSorted((a, b) => depthOf(b) - depthOf(a) || a.length - b.length)[0];

const depthOf = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.min(...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));

/** Callers choose the names of unknown fields, so the names are cut. */
const name = (path: readonly PropertyKey[]): string => cut(path.map(String).join("."), MAX_NAME_CHARS);
