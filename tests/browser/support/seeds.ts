import { randomUUID } from "node:crypto";
import { githubHeaders } from "../../support/sign.ts";
import type { Api } from "./api.ts";
import type { House } from "./house.ts";

export const GITHUB_SECRET = "github_secret";

/** Small parts and batches, so that a campaign to a few recipients can be watched. */
export const smallPieces = {
  GITHUB_WEBHOOK_SECRET: GITHUB_SECRET,
  CAMPAIGN_PART_SIZE: "10",
  CAMPAIGN_BATCH_SIZE: "5",
  MAIL_REQUESTS_PER_SECOND: "0",
};

/** Starts a campaign; returns it and its job. */
export async function sendCampaign(house: Api, wish: { name?: string; people?: number } = {}) {
  const id = await draftCampaign(house, wish);
  const { jobId } = await house.call("POST", `/api/campaigns/${id}/send`);
  return { id, jobId: String(jobId) };
}

/** Writes a campaign to a list of its own; its id. */
export async function draftCampaign(house: Api, { name = "The autumn letter", people = 20 } = {}) {
  const list = await house.call("POST", "/api/lists", { name: `Readers of ${name}` });
  const subscribers = Array.from({ length: people }, (_, n) => ({
    email: `reader-${n + 1}@example.com`,
    name: `Reader ${n + 1}`,
  }));
  await house.call("POST", `/api/lists/${list.id}/subscribers`, subscribers);
  const { id } = await house.call("POST", "/api/campaigns", {
    name,
    listId: list.id,
    subject: "What is new",
    html: "<p>Hello {{name|reader}}</p>",
    from: "Ada <ada@example.com>",
  });
  return String(id);
}

/**
 * The mail provider accepts no request, or none with a matching recipient: it asks the sender to come again in a
 * second. So these mails stay unfinished until `letMailsGo`, however long a page takes.
 */
export const holdMails = (house: Api, recipient?: RegExp) =>
  house.steer("/_control/faults", {
    rules: [{ status: 429, retryAfter: 1, ...(recipient && { match: recipient.source }) }],
  });
export const letMailsGo = (house: Api) => house.steer("/_control/faults", { rules: [] });

/** A campaign whose provider refuses our key, so that it ends as a dead letter. */
export async function failedCampaign(house: Api, name = "The refused letter") {
  await house.steer("/_control/faults", { rules: [{ status: 401 }] });
  const { id, jobId } = await sendCampaign(house, { name, people: 10 });
  await eventually("a dead letter", async () => {
    const { items } = await house.call("GET", "/api/dead-letters?limit=100");
    return items.some(({ event }: { event: unknown }) => JSON.stringify(event).includes(id));
  });
  await letMailsGo(house);
  return { id, jobId };
}

/** A webhook as GitHub sends it; returns its id in the inbox. */
export async function receiveGithub(house: House, type: string, more: object = {}): Promise<string> {
  const body = JSON.stringify({
    action: "created",
    repository: { full_name: "ada/engine" },
    nonce: randomUUID(),
    ...more,
  });
  const headers = githubHeaders(body, GITHUB_SECRET, type);
  const response = await fetch(`${house.url}/api/webhooks/github`, { method: "POST", headers, body });
  if (!response.ok) throw new Error(`The webhook is refused: ${response.status} ${await response.text()}`);
  const found = "select id from webhook_inbox where external_id = $1";
  return (await house.sql.query(found, [headers["x-github-delivery"]])).rows[0].id;
}

/** Something to see on every page. */
export async function everyKindOfWork(house: House) {
  await receiveGithub(house, "push");
  await receiveGithub(house, "fork");
  const failed = await failedCampaign(house);
  const sent = await sendCampaign(house);
  await eventually("the campaign is sent", async () => {
    return (await house.call("GET", `/api/jobs/${sent.jobId}`)).status === "completed";
  });
  return { jobs: [sent.jobId, failed.jobId] };
}

/** Polls until the answer matches. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean>,
  patienceMs = 60_000,
): Promise<void> {
  for (const deadline = performance.now() + patienceMs; performance.now() < deadline; ) {
    if (await isSo()) return;
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`It did not come to pass: ${what}.`);
}
