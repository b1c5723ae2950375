import http from "node:http";
import { type Answer, type Ask, BodyTooLarge, bodyLimitBytes, type Handler } from "./http.ts";

export type RunningServer = { url: string; port: number; close(): Promise<void> };

/**
 * The HTTP server. An rpc call takes 0.21 ms of CPU with node:http, and 0.24 ms with @hono/node-server, Request and
 * Response.
 */
export const serve = async (handle: Handler, port: number): Promise<RunningServer> => {
  let closing = false;
  const server = http.createServer((request, response) => {
    response.once("close", () => {
      if (closing) server.closeIdleConnections();
    });
    handle(askFrom(request))
      .then((answer) => send(answer, request, response))
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        closing = true;
        const impatience = setTimeout(() => server.closeAllConnections(), 5_000);
        server.close(() => {
          clearTimeout(impatience);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
};

const askFrom = (request: http.IncomingMessage): Ask => {
  const target = request.url ?? "/";
  const mark = target.indexOf("?");
  const headers = request.headers;
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1)),
    header: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    text: () => readText(request),
    stream: () => request,
  };
};

const readText = (request: http.IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bodyLimitBytes) reject(new BodyTooLarge());
      else chunks.push(chunk);
    });
    request.once("end", () =>
      resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString("utf8") ?? ""),
    );
    request.once("error", reject);
    request.once("aborted", () => reject(new Error("The caller went away.")));
  });

const send = (
  { status, headers, body }: Answer,
  request: http.IncomingMessage,
  response: http.ServerResponse,
) => {
  if (body === undefined || request.method === "HEAD") {
    response.writeHead(status, headers).end();
    return;
  }
  if (typeof body === "string" || Buffer.isBuffer(body)) {
    headers["content-length"] = String(Buffer.byteLength(body));
    response.writeHead(status, headers).end(body);
    return;
  }
  response.writeHead(status, headers);
  body.once("error", (error) => response.destroy(error));
  response.once("close", () => body.destroy());
  body.pipe(response);
};
