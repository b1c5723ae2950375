import { setTimeout as pause } from "node:timers/promises";
import type { House } from "./campaign.ts";

/**
 * A part that met more outages than its run has tries becomes a dead letter: with Inngest's delays that takes a day,
 * with ours less than a minute. An operator reprocesses such letters, as often as needed. Returns how to stop the
 * operator.
 */
export function hireOperator(house: House): () => Promise<void> {
  let isHired = true;
  const work = async () => {
    for (; isHired; await pause(200)) await reprocessLetters(house).catch(() => {});
  };
  const working = work();
  return () => {
    isHired = false;
    return working;
  };
}

async function reprocessLetters(house: House): Promise<void> {
  const letters = await house.query<{ id: string }>(
    "select id from dead_letter_queue where status = 'failed'",
  );
  for (const { id } of letters) await house.call("POST", `/api/dead-letters/${id}/reprocess`);
}
