import type { Readable } from "node:stream";

/**
 * What the gateway's parts see of a request and give as an answer. Node's own Request and Response cost more than
 * the rest of a call together, so they exist only at the edge for callers in the same process.
 */
export type Ask = {
  method: string;
  /** Still percent-encoded, without the query. */
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
 * The status of a refusal. auth-js takes every 5xx for a network error and drops its message; storage-js takes 400 and 404
 * for an object that does not exist. 422 is passed on by all of them.
 */
const refusedStatus = 422;

/** What the stand-in does not model is refused by name: an answer that is nearly right would teach a wrong lesson. */
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
    // Without its version auth-js does not read the code.
    { "x-supabase-api-version": "2024-01-01" },
  );
};

export class NotModeled extends Error {}

/** Ends a request that the stand-in does not model. `what` names it; the gateway makes the answer. */
export const refuse = (what: string): never => {
  throw new NotModeled(what);
};

/** The largest JSON body: far above what an app sends, far below what would hurt this process. */
export const bodyLimitBytes = 64 * 1024 * 1024;

export class BodyTooLarge extends Error {}
