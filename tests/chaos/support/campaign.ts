import { setTimeout as pause } from "node:timers/promises";
import type { Client } from "./client.ts";

/** What a campaign needs from the house that sends it. */
export type House = Client & { query<Row>(sql: string, values?: unknown[]): Promise<Row[]> };
export type Campaign = { campaignId: string; jobId: string; recipients: number };

/** Creates recipients and starts a campaign to them. */
export async function begin(house: House, recipients: number): Promise<Campaign> {
  const { id: listId } = await house.call<{ id: string }>("POST", "/api/lists", { name: "Everybody" });
  const people = Array.from({ length: recipients }, (_, n) => ({
    email: `p${n}@example.com`,
    name: `P ${n}`,
  }));
  await house.call("POST", `/api/lists/${listId}/subscribers`, people);
  const content = { subject: "Hello {{name}}", text: "Hello {{name}}", from: "news@example.com" };
  const { id: campaignId } = await house.call<{ id: string }>("POST", "/api/campaigns", {
    listId,
    ...content,
  });
  const { jobId } = await house.call<{ jobId: string }>("POST", `/api/campaigns/${campaignId}/send`);
  return { campaignId, jobId, recipients };
}

export async function statusOf(house: House, { campaignId }: Campaign): Promise<string> {
  const [row] = await house.query<{ status: string }>("select status from campaigns where id = $1", [
    campaignId,
  ]);
  return row?.status ?? "gone";
}

export async function untilClosed(house: House, campaign: Campaign): Promise<void> {
  for (const deadline = performance.now() + 480_000; ; await pause(250)) {
    const status = await statusOf(house, campaign);
    if (status === "completed") return;
    if (performance.now() > deadline) throw new Error(`The campaign is still ${status}`);
  }
}
