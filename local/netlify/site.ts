import { contextOf, cookieJar } from "#netlify/context.ts";
import { errorPage } from "#netlify/error-page.ts";
import { findFunctions, type SiteFunction } from "#netlify/functions.ts";
import type { HeaderRule } from "#netlify/netlify-toml.ts";
import type { Params } from "#netlify/routes.ts";
import { staticFiles } from "#netlify/static-files.ts";

/**
 * Netlify's limit is 6 MB of request body. Netlify counts the body after its conversion to base64, which makes binary
 * bodies a third larger.
 */
const maxBodyBytes = 6 * 1024 * 1024;

export type Site = {
  fetch(request: Request, options?: { ip?: string }): Promise<Response>;
  readonly functions: readonly SiteFunction[];
  /** Calls a scheduled function as Netlify's scheduler does. */
  fire(scheduled: SiteFunction, nextRun: Date): Promise<Response>;
  /** Imports every function now, so that the first request does not wait. Returns the functions that failed. */
  warmUp(): Promise<{ name: string; error: unknown }[]>;
  /** Resolves when every promise given to `waitUntil` has settled. */
  idle(): Promise<void>;
};

type Match = { target: SiteFunction; params: Params };

/** A site, served as on Netlify: functions by their own `config`, then static files. */
export function createSite(options: {
  functionsDir: string;
  /** Where the compiled functions are. Undefined: the source itself is loaded. */
  compiledDir?: string | undefined;
  publishDir: string;
  /** The headers that netlify.toml adds to static files. */
  headers?: readonly HeaderRule[];
  warn?: (message: string) => void;
}): Site {
  const { functionsDir, compiledDir, publishDir, headers, warn = console.warn } = options;
  const functions = findFunctions(functionsDir, warn, compiledDir);
  const serveStatic = staticFiles(publishDir, headers);
  const background = new Set<Promise<unknown>>();

  const waitUntil = (promise: Promise<unknown>) => {
    const settled = promise.catch((error: unknown) =>
      warn(`A promise given to waitUntil failed: ${String(error)}`),
    );
    background.add(settled);
    void settled.finally(() => background.delete(settled));
  };

  /** Remembers the functions of addresses, because comparing an address with all patterns took an eighth of a request. */
  const known = new Map<string, Match | undefined>();

  function findMatch(method: string, url: URL, preferStatic: boolean): Match | undefined {
    const key = `${method} ${preferStatic} ${url.pathname}`;
    if (!known.has(key)) {
      if (known.size >= 1_000) known.clear();
      known.set(key, matchOf(method, url, preferStatic));
    }
    return known.get(key);
  }

  function matchOf(method: string, url: URL, preferStatic: boolean): Match | undefined {
    for (const target of functions) {
      if ((target.config.preferStatic ?? false) !== preferStatic) continue;
      const params = target.match(method, url);
      if (params !== undefined) return { target, params };
    }
    return undefined;
  }

  async function call(target: SiteFunction, request: Request, params: Record<string, string>, ip: string) {
    const cookies = cookieJar(request);
    try {
      const handler = await target.handler();
      const answer = await handler(request, contextOf(request, { params, ip, cookies, waitUntil }));
      const response = answer ?? new Response(null, { status: 204 });
      return cookies.setCookies.length === 0 ? response : withCookies(response, cookies.setCookies);
    } catch (error) {
      if (request.signal.aborted) throw error;
      warn(`${target.file} failed:\n${error instanceof Error ? error.stack : String(error)}`);
      return errorPage(target, error, request);
    }
  }

  return {
    functions,
    async fetch(request, { ip = "127.0.0.1" } = {}) {
      const url = new URL(request.url);
      let match = findMatch(request.method, url, false);
      if (match === undefined) {
        const file = await serveStatic(request);
        match = file.status === 404 ? findMatch(request.method, url, true) : undefined;
        if (match === undefined) return file;
      }
      const sized = await withBody(request);
      return sized instanceof Response ? sized : call(match.target, sized, { ...match.params }, ip);
    },
    fire(scheduled, nextRun) {
      const request = new Request(`http://localhost/.netlify/functions/${scheduled.name}`, {
        method: "POST",
        headers: { "content-type": "application/json", host: "localhost", "x-nf-event": "schedule" },
        body: JSON.stringify({ next_run: nextRun.toISOString() }),
      });
      return call(scheduled, request, {}, "127.0.0.1");
    },
    async warmUp() {
      const failed: { name: string; error: unknown }[] = [];
      for (const one of functions) {
        await one.handler().catch((error: unknown) => failed.push({ name: one.name, error }));
      }
      return failed;
    },
    async idle() {
      while (background.size > 0) await Promise.all(background);
    },
  };
}

/**
 * Returns the request when its body is small enough; otherwise Netlify's refusal. A body of unknown length must be read
 * first.
 */
async function withBody(request: Request): Promise<Request | Response> {
  const declared = request.headers.get("content-length");
  if (declared !== null) return Number(declared) > maxBodyBytes ? tooLarge() : request;
  if (request.body === null) return request;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return tooLarge();
    chunks.push(chunk);
  }
  const { url, method, headers, signal } = request;
  return new Request(url, { method, headers, signal, body: Buffer.concat(chunks) });
}

const tooLarge = (): Response =>
  new Response("Request body larger than 6 MB\n", { status: 413, headers: { "content-type": "text/plain" } });

function withCookies(response: Response, cookies: readonly string[]): Response {
  const headers = new Headers(response.headers);
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
