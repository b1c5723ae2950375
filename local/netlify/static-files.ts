import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import type { HeaderRule } from "#netlify/netlify-toml.ts";

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** Serves a published folder, with the headers that netlify.toml adds. */
export function staticFiles(
  folder: string,
  rules: readonly HeaderRule[] = [],
): (request: Request) => Promise<Response> {
  const serve = filesOf(folder);
  return async (request) => {
    const { pathname } = new URL(request.url);
    const response = await serve(request, pathname);
    for (const { matches, values } of rules) {
      if (!matches(pathname)) continue;
      for (const [name, value] of Object.entries(values)) response.headers.set(name, value);
    }
    return response;
  };
}

/** Serves files, pretty URLs (`/about` is `about.html` or `about/index.html`) and `404.html`. */
function filesOf(folder: string) {
  return async (request: Request, pathname: string): Promise<Response> => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    const path = safePath(pathname);
    if (isRead && path !== undefined) {
      for (const candidate of [path, `${path}.html`, join(path, "index.html")]) {
        const response = await file(join(folder, candidate), request.method);
        if (response !== undefined) return response;
      }
    }
    const notFound = isRead ? await file(join(folder, "404.html"), request.method, 404) : undefined;
    return (
      notFound ?? new Response("Page not found\n", { status: 404, headers: { "content-type": "text/plain" } })
    );
  };
}

/** The path within the folder. Undefined for a path outside of it, and for a hidden file. */
function safePath(pathname: string): string | undefined {
  let decoded: string;
  try {
    decoded = normalize(decodeURIComponent(pathname));
  } catch {
    return undefined;
  }
  return /(^|\/)\.|\0/.test(decoded) ? undefined : decoded;
}

async function file(path: string, method: string, status = 200): Promise<Response | undefined> {
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined) return undefined;
  const headers = {
    "content-type": types[extname(path)] ?? "application/octet-stream",
    "content-length": String(content.length),
    "cache-control": "no-cache",
  };
  return new Response(method === "HEAD" ? null : new Uint8Array(content), { status, headers });
}
