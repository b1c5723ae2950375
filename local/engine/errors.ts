import type { WireError } from "./protocol.ts";

/** The fields of errors that the server keeps, and the format of the server's own errors. */

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;

/** Keeps name, message, stack and a plain cause. Every other field is lost, including codes. */
export function wireError(thrown: unknown, fallback = "Unknown error"): WireError {
  const fields = isRecord(thrown) ? thrown : {};
  const stack = text(fields["stack"]);
  const cause = fields["cause"];
  return {
    name: text(fields["name"]) ?? "Error",
    message: text(fields["message"]) ?? text(fields["error"]) ?? text(thrown) ?? fallback,
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined || cause === null ? {} : { cause }),
  };
}

/** The error of a run that ended. Its field `error` says how the last call ended. */
export const endingError = (thrown: unknown, ending: string): WireError => ({
  ...wireError(thrown, ending),
  error: (isRecord(thrown) && text(thrown["error"])) || ending,
});

/** An error of the server itself. Its field `error` is the error's name, and its message contains JSON. */
export function serverError(name: string, words: string): WireError {
  const inner = { error: `${name}: ${words}`, name, message: words };
  return { name: "Error", error: name, message: JSON.stringify({ error: inner }) };
}

/** The error for an app that uses something that this engine does not model. `what` names that feature. */
export function notModelled(what: string): WireError {
  return {
    name: "NotModelledError",
    error: "NotModelledError",
    message: `${what} is not modelled by the local engine. Use the Inngest Dev Server for it (npm run start:inngest); "npm run engine -- --help" lists what is modelled.`,
  };
}
