import { Readable } from "node:stream";
import type { Answer, Ask } from "./http.ts";

/**
 * Converts the arguments of `fetch`, for callers in the same process. A Request is needed only when the body is not
 * text.
 */
export const askFromFetch = (...[input, init]: Parameters<typeof fetch>): Ask => {
  const body = init?.body ?? "";
  if (input instanceof Request || typeof body !== "string") return askFromRequest(new Request(input, init));
  const url = new URL(input);
  const headers = new Headers(init?.headers);
  return {
    method: init?.method?.toUpperCase() ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    header: (name) => headers.get(name) ?? undefined,
    text: async () => body,
    stream: () => Readable.from(body === "" ? [] : [Buffer.from(body)]),
  };
};

const askFromRequest = (request: Request): Ask => {
  const url = new URL(request.url);
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    header: (name) => request.headers.get(name) ?? undefined,
    text: () => request.text(),
    stream: () => (request.body === null ? Readable.from([]) : Readable.from(request.body)),
  };
};

export const answerToResponse = ({ status, headers, body }: Answer): Response => {
  if (body === undefined || status === 204 || status === 304) return new Response(null, { status, headers });
  if (typeof body === "string") return new Response(body, { status, headers });
  if (Buffer.isBuffer(body)) return new Response(new Uint8Array(body), { status, headers });
  return new Response(webStream(body), { status, headers });
};

export const webStream = (body: AsyncIterable<Uint8Array>) =>
  new globalThis.ReadableStream<Uint8Array>({
    async start(controller) {
      try {
        for await (const chunk of body) controller.enqueue(chunk);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
    },
  });
