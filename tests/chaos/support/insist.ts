import { setTimeout as pause } from "node:timers/promises";
import type { House } from "./campaign.ts";

/** Repeats a call until it succeeds, as every client and provider does. Gives up after two minutes. */
export async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (const deadline = performance.now() + 120_000; ; await pause(200)) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 600_000; !(await condition()); await pause(500))
    if (performance.now() > deadline) throw new Error(`In ten minutes it did not happen that ${what}`);
}

/** Jobs and deliveries that have not ended. Jobs of schedules run at their own times. */
export async function unfinished(house: House): Promise<number> {
  const [row] = await house.query<{ n: number }>(
    `select (select count(*) from jobs where ended_at is null and requester not like 'schedule:%')::int
      + (select count(*) from webhook_deliveries where status = 'pending')::int as n`,
  );
  return row?.n ?? 0;
}

/** How many keys occur how often: `{ "1": 200 }`. */
export function tally(keys: readonly string[]): Record<number, number> {
  const times = new Map<string, number>();
  for (const key of keys) times.set(key, (times.get(key) ?? 0) + 1);
  const counts: Record<number, number> = {};
  for (const count of times.values()) counts[count] = (counts[count] ?? 0) + 1;
  return counts;
}
