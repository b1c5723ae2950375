import type { Readable } from "node:stream";

/**
 * The gateway's own request and answer. Node's Request and Response take longer than the rest of a call, so they are
 * used only for callers in the same process.
 */
export type Ask = {
  method: string;
  /** The path, still percent-encoded, without the query. */
  path: string;
  query: URLSearchParams;
  header(name: string): string | undefined;
  text(): Promise<string>;
  stream(): Readable;
};

export type Answer = {
  status: number;
  headers: Record<string, string>;
  body?: string | Buffer | Readable;
};

export type Handler = (ask: Ask) => Promise<Answer>;

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(value),
});

/**
 * The status of a refusal: 422, because all clients pass it on. auth-js treats every 5xx as a network error and drops
 * the message, and storage-js treats 400 and 404 as a missing object.
 */
const refusedStatus = 422;

/**
 * Refuses a request that the stand-in does not model, and names the reason, because an almost right answer would be
 * misleading.
 */
export const notModeled = (what: string): Answer => {
  const detail = `The local Supabase does not model ${what}. Use what it models, or set SUPABASE_URL to a hosted project.`;
  return json(
    refusedStatus,
    {
      type: "about:blank",
      title: "Not modeled",
      status: refusedStatus,
      detail,
      code: "not_modeled",
      message: detail,
      details: null,
      hint: "local/supabase/README.md lists what the local Supabase answers.",
      error: "not_modeled",
    },
    // auth-js reads the error code only when the answer has this version.
    { "x-supabase-api-version": "2024-01-01" },
  );
};

export class NotModeled extends Error {}

/** Ends a request that the stand-in does not model. `what` names the reason in the gateway's answer. */
export const refuse = (what: string): never => {
  throw new NotModeled(what);
};

/** The largest JSON body: much more than an app sends, and small enough for the memory of this process. */
export const bodyLimitBytes = 64 * 1024 * 1024;

export class BodyTooLarge extends Error {}
