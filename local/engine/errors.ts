import type { WireError } from "./protocol.ts";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** What the server keeps of an error: name, message, stack and a plain cause. Every other field is lost, codes too. */
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

/** Said when an app uses what this engine does not model: by name, and where it does work. */
export function notModelled(what: string): WireError {
  return {
    name: "NotModelledError",
    message: `${what} is not modelled by the local engine. Use the Inngest Dev Server for it (npm run start:inngest); "npm run engine -- --help" lists what is modelled.`,
  };
}
