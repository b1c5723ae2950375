/**
 * An app's own server that hands work to Nightshift and lets its page follow it. The API key stays on the server.
 *
 *   npm start                                              (in one terminal)
 *   NIGHTSHIFT_KEY=<app key> npx tsx examples/server.ts    (in another; then open http://localhost:3000)
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { Inngest } from "inngest";
import { sendCampaignRequested } from "nightshift/events";
import { patientFetch } from "./patient-fetch.ts";

const SITE = process.env["NIGHTSHIFT_URL"] ?? "http://localhost:8888";
const headers = {
  authorization: `Bearer ${process.env["NIGHTSHIFT_KEY"] ?? ""}`,
  "content-type": "application/json",
};

/** The first way: over HTTP. Any language can; the answer has the job to follow. */
const sendByHttp = (campaignId: string) =>
  patientFetch(`${SITE}/api/campaigns/${campaignId}/send`, {
    method: "POST",
    headers: { ...headers, "idempotency-key": `send-${campaignId}` },
  });

/**
 * The second way: as an event. No request to the site; the engine calls it. The event's type checks its data, and
 * its id makes a second send of the same campaign nothing. The job appears in the list when the run begins.
 */
const inngest = new Inngest({ id: "my-app", isDev: true });
const sendByEvent = async (campaignId: string) => {
  const { ids } = await inngest.send(
    sendCampaignRequested.create({ campaignId }, { id: `send-${campaignId}` }),
  );
  return Response.json({ eventIds: ids }, { status: 202 });
};

const page = async (name: string, type: string) =>
  new Response(await readFile(new URL(`browser/${name}`, import.meta.url)), {
    headers: { "content-type": type },
  });

const answer = async (method: string, path: string): Promise<Response> => {
  const [, room = "", id = "", action] = path.split("/");
  if (method === "POST" && room === "campaigns" && action === "send") return sendByHttp(id);
  if (method === "POST" && room === "campaigns" && action === "send-by-event") return sendByEvent(id);
  if (method === "GET" && room === "jobs") return patientFetch(`${SITE}/api/jobs/${id}`, { headers });
  if (path === "/") return page("index.html", "text/html; charset=utf-8");
  if (path === "/follow-job.js") return page("follow-job.js", "text/javascript; charset=utf-8");
  return new Response("There is nothing at this address", { status: 404 });
};

createServer((request, response) => {
  answer(request.method ?? "GET", request.url ?? "/")
    .then(async (reply) => {
      const type = reply.headers.get("content-type") ?? "text/plain";
      response.writeHead(reply.status, { "content-type": type }).end(await reply.text());
    })
    .catch((error: unknown) => response.writeHead(502).end(String(error)));
}).listen(3000, () => process.stdout.write("http://localhost:3000\n"));
