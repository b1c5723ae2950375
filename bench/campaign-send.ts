import { campaignContent, peopleAsCsv } from "./campaign-content.ts";
import type { BenchStack } from "./campaign-stack.ts";

/** Mails per request. */
export const BATCH = 100;
const UPLOAD = 10_000;

type CampaignView = {
  status: string;
  queuedAt: string;
  startedAt: string;
  endedAt: string;
  counts: { sent: number };
};

/** Uploads subscribers to a new list as CSV. */
export async function load(stack: BenchStack, count: number): Promise<string> {
  const { id } = await stack.call<{ id: string }>("POST", "/api/lists", { name: `${count} people` });
  for (let done = 0; done < count; done += UPLOAD) {
    await stack.call(
      "POST",
      `/api/lists/${id}/subscribers`,
      peopleAsCsv(1 + done, Math.min(UPLOAD, count - done)),
    );
  }
  return id;
}

export async function send(stack: BenchStack, listId: string): Promise<{ id: string; view: CampaignView }> {
  const { id } = await stack.call<{ id: string }>("POST", "/api/campaigns", { listId, ...campaignContent });
  await stack.call("POST", `/api/campaigns/${id}/send`);
  for (;;) {
    // The status is read from the database directly and rarely, so that measuring does not slow the campaign down.
    const { rows } = await stack.sql.query("select status from campaigns where id = $1", [id]);
    if (rows[0].status === "completed") break;
    if (rows[0].status !== "queued" && rows[0].status !== "sending")
      throw new Error(`The campaign is ${rows[0].status}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { id, view: await stack.call<CampaignView>("GET", `/api/campaigns/${id}`) };
}

export const secondsBetween = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000;
export const round3 = (value: number, digits = 3) => Number(value.toFixed(digits));
