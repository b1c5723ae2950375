import { randomUUID } from "node:crypto";
import type { Params } from "#netlify/routes.ts";

/** The second argument of a function: the parts of Netlify's context that exist on this machine. */
export type Context = {
  account: { id: string };
  cookies: Cookies;
  deploy: { context: string; id: string; published: boolean };
  geo: Record<string, never>;
  ip: string;
  json(input: unknown): Response;
  log(...data: unknown[]): void;
  params: Params;
  requestId: string;
  server: { region: string };
  site: { id: string; name: string; url: string };
  url: URL;
  waitUntil(promise: Promise<unknown>): void;
};

type Cookie = { name: string; value: string; path?: string; domain?: string };
type Cookies = {
  get(name: string): string | undefined;
  set(cookie: Cookie | string, value?: string): void;
  delete(name: string | { name: string }): void;
};

/** Cookies are read from the request. Cookies that are set become headers of the answer. */
export type CookieJar = Cookies & { readonly setCookies: string[] };

export function cookieJar(request: Request): CookieJar {
  const sent = new Map<string, string>();
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [name = "", ...value] = pair.trim().split("=");
    if (name !== "") sent.set(name, decodeURIComponent(value.join("=")));
  }
  const setCookies: string[] = [];
  return {
    setCookies,
    get: (name) => sent.get(name),
    set(cookie, value = "") {
      const {
        name,
        path = "/",
        domain,
        ...rest
      } = typeof cookie === "string" ? { name: cookie, value } : cookie;
      const scope = domain === undefined ? `Path=${path}` : `Path=${path}; Domain=${domain}`;
      setCookies.push(`${name}=${encodeURIComponent(rest.value ?? value)}; ${scope}`);
    },
    delete(target) {
      setCookies.push(`${typeof target === "string" ? target : target.name}=; Path=/; Max-Age=0`);
    },
  };
}

const json = (input: unknown): Response => Response.json(input);
const log = (...data: unknown[]): void => console.log(...data);

export function contextOf(
  request: Request,
  options: { params: Params; ip: string; cookies: Cookies; waitUntil(promise: Promise<unknown>): void },
): Context {
  const url = new URL(request.url);
  return {
    account: { id: "local" },
    deploy: { context: "dev", id: "0", published: false },
    geo: {},
    ...options,
    json,
    log,
    requestId: randomUUID().replaceAll("-", "").slice(0, 26).toUpperCase(),
    server: { region: "local" },
    site: { id: "local", name: "local", url: url.origin },
    url,
  };
}
