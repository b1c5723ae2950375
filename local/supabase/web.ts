import { Readable } from "node:stream";
import type { Answer, Ask } from "./http.ts";

/** Converts a Request, for callers in the same process. */
export const askFromRequest = (request: Request): Ask => {
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
  if (typeof body === "string" || Buffer.isBuffer(body))
    return new Response(new Uint8Array(Buffer.from(body)), { status, headers });
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
