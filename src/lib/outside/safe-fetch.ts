import { type LookupAddress, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent, type Dispatcher } from "undici";
import { AppError, codeOf } from "#lib/errors.ts";
import { limited, readAll } from "#lib/outside/limited-body.ts";
import { addressCheck } from "#lib/outside/public-address.ts";
import { checkUrl, notPublic, PORTS } from "#lib/outside/url-check.ts";

/** Which addresses may be called. The environment decides it, never a request. */
export type Reach = {
  /** CIDRs of our own network that may be called in addition to the public internet. */
  allowPrivateHosts: readonly string[];
  /** Default: 443 and 8443. */
  ports?: readonly number[];
  /** Certificates to trust instead of the system's. */
  ca?: string;
  /** How names are resolved. Default: by the system. */
  resolve?: (hostname: string) => Promise<LookupAddress[]>;
};

export type Call = {
  method?: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** The time limit of the whole call, including the body. Default: 30 s. */
  timeoutMs?: number;
  /** The largest body, counted both packed and unpacked. Default: 1 MB. */
  maxBytes?: number;
  /**
   * How many redirects of a GET or HEAD are followed; each target is checked like the first address. Default: none; at
   * most 3.
   */
  redirects?: number;
  signal?: AbortSignal;
};

/** The body must be read once or discarded. Reading throws when the body is too large or takes too long. */
export type SafeAnswer = {
  status: number;
  headers: Headers;
  url: string;
  body: AsyncIterable<Buffer>;
  discard: () => Promise<void>;
};
export type SafeFetch = (url: string, call?: Call) => Promise<SafeAnswer>;

const DEFAULTS = { timeoutMs: 30_000, maxBytes: 1024 * 1024 };
const MAX_REDIRECTS = 3;
const MAX_DISCARDED_BYTES = 64 * 1024;

/**
 * Sends HTTPS requests to addresses that users give us. Every address of a name must be public. The connection's own
 * lookup checks that, so that it connects only to an address that was checked. Throws `address_refused` before anything
 * is sent, `provider_timeout`, `provider_unavailable`, `provider_rejected` (a redirect) or `provider_answer_too_large`.
 */
export function createSafeFetch(reach: Reach): SafeFetch {
  const isAllowed = addressCheck(reach.allowPrivateHosts);
  const ports = reach.ports ?? PORTS;
  const agent = new Agent({
    connect: {
      timeout: 5_000,
      lookup: checkedLookup(reach.resolve ?? resolveBySystem, isAllowed),
      ...caOf(reach),
    },
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
    // Many endpoints may have one host, such as a service that receives webhooks. An endpoint that does not answer must
    // not delay the other endpoints.
    connections: 64,
    keepAliveTimeout: 1_000,
    maxOrigins: 1_000,
  });
  const check = (address: string) => checkUrl(address, ports, isAllowed);

  return async (address, call = {}) => {
    const timeout = AbortSignal.timeout(call.timeoutMs ?? DEFAULTS.timeoutMs);
    const signal = call.signal ? AbortSignal.any([timeout, call.signal]) : timeout;
    let url = check(address);
    let headers = call.headers ?? {};
    for (let left = Math.min(call.redirects ?? 0, MAX_REDIRECTS); ; left--) {
      const answer = await ask(agent, url, { ...call, headers }, signal);
      const location = answer.status >= 300 && answer.status < 400 ? answer.headers.get("location") : null;
      if (location === null) return answer;
      await answer.discard();
      if (left <= 0 || !["GET", "HEAD"].includes(call.method ?? "GET")) throw redirected(url);
      const next = check(new URL(location, url).href);
      if (next.origin !== url.origin) headers = withoutSecrets(headers);
      url = next;
    }
  };
}

/** Resolves a name for a connection. Fails when one of the name's addresses may not be called. */
const checkedLookup =
  (resolve: NonNullable<Reach["resolve"]>, isAllowed: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    const answer = (found: LookupAddress[]) => {
      const [first] = found;
      if (first === undefined || !found.every(({ address }) => isAllowed(address)))
        callback(notPublic(), "", 0);
      else if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    };
    resolve(hostname).then(answer, (error: unknown) => callback(toError(error), "", 0));
  };

const toError = (error: unknown) =>
  error instanceof Error ? error : new Error("not resolved", { cause: error });

const resolveBySystem = (hostname: string): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    systemLookup(hostname, { all: true }, (error, found) => (error ? reject(error) : resolve(found)));
  });

async function ask(agent: Agent, url: URL, call: Call, signal: AbortSignal): Promise<SafeAnswer> {
  const { method = "GET", headers = {}, body = null, maxBytes = DEFAULTS.maxBytes } = call;
  let response: Dispatcher.ResponseData;
  try {
    const path = url.pathname + url.search;
    const sent = { "accept-encoding": "gzip, identity", "user-agent": "nightshift", ...headers };
    response = await agent.request({ origin: url.origin, path, method, headers: sent, body, signal });
  } catch (error) {
    throw failed(error);
  }
  const answered = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const one of [value ?? []].flat()) answered.append(name, one);
  }
  const bytes = limited(response.body, answered.get("content-encoding"), maxBytes);
  return {
    status: response.statusCode,
    headers: answered,
    url: url.href,
    body: toldAs(failed, bytes),
    discard: () => response.body.dump({ limit: MAX_DISCARDED_BYTES }),
  };
}

async function* toldAs(
  tell: (error: unknown) => Error,
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    yield* bytes;
  } catch (error) {
    throw tell(error);
  }
}

/** Reads the whole body of an answer. */
export const bodyOf = (answer: SafeAnswer): Promise<Buffer> => readAll(answer.body);

const caOf = ({ ca }: Reach) => (ca === undefined ? {} : { ca });

/** Removes credentials when a redirect leads to another origin. */
const withoutSecrets = (headers: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^(?:accept|range|if-|user-agent)/i.test(name)),
  );

const redirected = (url: URL) =>
  new AppError("provider_rejected", `${url.host} answers with a redirect, which is not followed`, {
    hint: "Give the address that it leads to.",
  });

const TIMEOUTS = /^(?:TimeoutError|ConnectTimeoutError|HeadersTimeoutError|BodyTimeoutError)$/;

function failed(error: unknown): Error {
  if (error instanceof AppError) return error;
  if (codeOf(error) !== undefined && error instanceof Error) return error;
  if (error instanceof Error && TIMEOUTS.test(error.name)) {
    return new AppError("provider_timeout", "The host did not answer in time", { cause: error });
  }
  if (error instanceof DOMException && error.name === "AbortError") return error;
  return new AppError("provider_unavailable", "The host cannot be reached", { cause: error });
}
