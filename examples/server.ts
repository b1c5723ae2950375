/**
 * An app's own server that submits work to Nightshift and lets its page follow it live. The API key stays on the
 * server.
 *
 *   npm run build:client                                   (once: the client that the page imports)
 *   npm start                                              (in one terminal; it prints an app key)
 *   NIGHTSHIFT_KEY=<app key> npx tsx examples/server.ts    (in another; then open http://localhost:3000)
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { Inngest } from "inngest";
import { createClient, Problem } from "nightshift/client";
import { sendCampaignRequested } from "nightshift/events";
import { createServer as createPages } from "vite";

const SITE = process.env["NIGHTSHIFT_URL"] ?? "http://localhost:8888";
const KEY = process.env["NIGHTSHIFT_KEY"] ?? "";

/** The first way is HTTP. After a temporary refusal the client tries again. The answer contains the job to follow. */
const nightshift = createClient({ baseUrl: SITE, key: () => KEY });
const sendByHttp = (campaignId: string) =>
  nightshift.submit(`/api/campaigns/${campaignId}/send`, undefined, { idempotencyKey: `send-${campaignId}` });

/**
 * The second way is an event, which needs no request to the site, because the engine starts the function. The event's
 * type checks its data. The event has an id, so that sending the same campaign twice starts it once. The job appears in
 * the list when its run begins.
 */
const inngest = new Inngest({ id: "my-app", isDev: true });
const sendByEvent = async (campaignId: string) => {
  const { ids } = await inngest.send(
    sendCampaignRequested.create({ campaignId }, { id: `send-${campaignId}` }),
  );
  return { eventIds: ids };
};

/** Lets the page follow a job through this server, which adds the key: by a stream, or by polling every two seconds. */
async function followForPage(url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const answer = await fetch(`${SITE}${url}`, {
    headers: { authorization: `Bearer ${KEY}`, accept: request.headers.accept ?? "*/*" },
    signal: gone.signal,
  });
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "text/plain" });
  if (answer.body) await pipeline(answer.body, response).catch(() => {});
}

const pages = await createPages({
  root: `${import.meta.dirname}/browser`,
  configFile: false,
  logLevel: "warn",
  server: { middlewareMode: true },
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "GET", url = "/" } = request;
  const [, room = "", id = "", action] = url.split("/");
  if (method === "GET" && /^\/api\/jobs\/[\w-]+\/stream/.test(url))
    return followForPage(url, request, response);
  if (method !== "POST" || room !== "campaigns") return pages.middlewares(request, response);
  const accepted = action === "send-by-event" ? await sendByEvent(id) : await sendByHttp(id);
  response.writeHead(202, { "content-type": "application/json" }).end(JSON.stringify(accepted));
}

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    const { status = 502, detail = String(error) } = error instanceof Problem ? error : {};
    if (!response.headersSent) response.writeHead(status || 502, { "content-type": "application/json" });
    response.end(JSON.stringify({ detail }));
  });
}).listen(3000, () => process.stdout.write("http://localhost:3000\n"));
