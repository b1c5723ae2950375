import http from "node:http";
import https from "node:https";
import { limits } from "./limits.ts";

/** A request to an app. The answer is returned as text. */
export type AppRequest = {
  method: "POST" | "PUT";
  url: string;
  headers: Record<string, string>;
  body: string;
};
export type AppAnswer = { status: number; header(name: string): string | undefined; body: string };
export type Transport = (request: AppRequest) => Promise<AppAnswer>;

/** Calls an app in the same process, without a socket or a port. */
export const handlerTransport =
  (app: (request: Request) => Promise<Response>): Transport =>
  async ({ method, url, headers, body }) => {
    // The SDK's adapters read the host header. Only a real server sets it, so it is set here.
    const request = new Request(url, { method, headers: { ...headers, host: new URL(url).host }, body });
    const response = await app(request);
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      body: await response.text(),
    };
  };

/**
 * This time is shorter than the five seconds (Node's default) after which servers close idle connections. A call that
 * is sent while a server closes its connection would be lost, and would count as a failed attempt.
 */
const idleMs = 2_000;

/** Calls the app over HTTP. node:http is used, because with kept connections it costs a fraction of Node 20's fetch. */
export function httpTransport(): Transport & { close(): void } {
  const kept = { keepAlive: true, maxSockets: 256, timeout: idleMs };
  const agents = { "http:": new http.Agent(kept), "https:": new https.Agent(kept) };
  const send: Transport = ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const secure = target.protocol === "https:";
      const bytes = Buffer.from(body);
      const request = (secure ? https : http).request(
        target,
        {
          method,
          agent: agents[secure ? "https:" : "http:"],
          headers: { ...headers, "content-length": bytes.length },
          timeout: limits.callDurationMs,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const header = (name: string) => [response.headers[name]].flat()[0];
            resolve({ status: response.statusCode ?? 0, header, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      request.on("timeout", () => request.destroy(new Error("the app did not answer within two hours")));
      request.on("error", reject);
      request.end(bytes);
    });
  return Object.assign(send, {
    close: () => {
      agents["http:"].destroy();
      agents["https:"].destroy();
    },
  });
}
