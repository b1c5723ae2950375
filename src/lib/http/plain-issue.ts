import type { z } from "zod";

/** Zod's names of types, and the words for them that follow "must be". */
const TYPES: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const FORMATS: Record<string, string> = {
  date: "a date such as 2026-11-28",
  datetime: "an instant such as 2026-11-28T09:00:00Z",
  uuid: "a UUID",
  url: "a URL",
  email: "an e-mail address",
};

/**
 * The message of a wrong value, worded to follow a field's name: "is missing", "must be a number". A schema's own
 * message replaces this message. Undefined means zod's message.
 */
export const plainIssue = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === "invalid_type") {
    if (issue.input === undefined) return "is missing";
    const type = TYPES[issue.expected];
    return type && `must be ${type}`;
  }
  if (issue.code === "invalid_format") {
    const format = FORMATS[issue.format];
    return format && `must be ${format}`;
  }
  if (issue.code === "invalid_union" && typeof issue["discriminator"] === "string") {
    const given: unknown = Object.getOwnPropertyDescriptor(issue.input, issue["discriminator"])?.value;
    return given === undefined ? "is missing" : mustBe(issue["options"]);
  }
  if (issue.code === "invalid_union") return "must have the fields of one alternative only";
  if (issue.code === "invalid_value") {
    return issue.input === undefined ? "is missing" : mustBe(issue.values);
  }
  if (issue.code === "too_small") {
    return bound(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
  }
  if (issue.code === "too_big") {
    return bound(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
  }
  return undefined;
};

const mustBe = (allowed: unknown): string =>
  Array.isArray(allowed) ? `must be ${allowed.map(String).join(" or ")}` : "is not a known value";

const UNITS: Record<string, string> = {
  string: "characters",
  array: "entries",
  set: "entries",
  object: "fields",
  record: "fields",
};

const bound = (origin: string, relation: string, limit: number | bigint): string => {
  const unit = UNITS[origin];
  return unit ? `must have ${relation} ${limit} ${unit}` : `must be ${relation} ${limit}`;
};
