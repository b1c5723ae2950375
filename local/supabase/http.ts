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

/** What the stand-in does not model is refused by name: an answer that is nearly right would teach a wrong lesson. */
export const notModeled = (what: string): Answer => {
  const detail = `The local Supabase does not model ${what}. Use what it models, or set SUPABASE_URL to a hosted project.`;
  return json(501, {
    type: "about:blank",
    title: "Not Implemented",
    status: 501,
    detail,
    code: "not_modeled",
    message: detail,
    details: null,
    hint: "local/supabase/README.md lists what the local Supabase answers.",
    error: detail,
  });
};

export class NotModeled extends Error {}

/** Carries the value of `handler` parts that found nothing wrong with the request but cannot serve it. */
export const refuse = (what: string): never => {
  throw new NotModeled(what);
};

/** The largest JSON body: far above what an app sends, far below what would hurt this process. */
export const bodyLimitBytes = 64 * 1024 * 1024;

export class BodyTooLarge extends Error {}
