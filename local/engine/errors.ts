import type { WireError } from "./protocol.ts";

/** What the server keeps of errors, and how it speaks of its own. */

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;

/** Name, message, stack and a plain cause survive. Every other field is lost, codes too. */
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

/** An error that ends a run says in `error` how the call ended. */
export const endingError = (thrown: unknown, ending: string): WireError => ({
  ...wireError(thrown, ending),
  error: (isRecord(thrown) && text(thrown["error"])) || ending,
});

/** An error of the server's own: its name stands in `error`, its words are JSON within the message. */
export function serverError(name: string, words: string): WireError {
  const inner = { error: `${name}: ${words}`, name, message: words };
  return { name: "Error", error: name, message: JSON.stringify({ error: inner }) };
}

/** Said when an app uses what this engine does not model: by name, and where it does work. */
export function notModelled(what: string): WireError {
  return {
    name: "NotModelledError",
    error: "NotModelledError",
    message: `${what} is not modelled by the local engine. Use the Inngest Dev Server for it (npm run start:inngest); "npm run engine -- --help" lists what is modelled.`,
  };
}
