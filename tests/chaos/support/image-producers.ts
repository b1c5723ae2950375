import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { ChaosHouse } from "./house.ts";

export type Accepted = { id: string; lane: string; producer: number };

const LANES = ["tasks", "demo"] as const;
const VIP_SHARE = 0.1;
const HOPELESS_SHARE = 0.03;

/**
 * One of several producers that request pictures for two owners. A request that is refused or not answered is repeated
 * with the same key, so that it is accepted only once, even if the site dies several times.
 */
export async function produce(
  house: ChaosHouse,
  producer: number,
  count: number,
  onAccepted: (task: Accepted) => void,
): Promise<void> {
  const owners = [`producer ${producer} a`, `producer ${producer} b`];
  const keys = await Promise.all(owners.map((owner) => house.keyOf(owner)));
  for (let n = 0; n < count; n++) {
    const lane = LANES[Math.floor(Math.random() * LANES.length)] ?? "tasks";
    const prompt = `${Math.random() < HOPELESS_SHARE ? "fail permanently" : "boat"} ${producer}.${n} in ${lane}`;
    const priority = Math.random() < VIP_SHARE ? 1 : 3;
    const key = keys[n % keys.length] ?? "";
    onAccepted({ id: await submit(house, key, { prompt, lane, priority }), lane, producer });
  }
}

async function submit(house: ChaosHouse, key: string, body: Record<string, unknown>): Promise<string> {
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "idempotency-key": randomUUID(),
  };
  for (;;) {
    const answer = await fetch(`${house.siteUrl}/api/tasks`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
    const text = await answer?.text().catch(() => undefined);
    if (answer?.status === 202 && text !== undefined) return String(JSON.parse(text).id);
    if (answer && answer.status < 500 && answer.status !== 429) throw new Error(`${answer.status} ${text}`);
    await pause(answer?.headers.has("retry-after") ? 300 : 50);
  }
}
