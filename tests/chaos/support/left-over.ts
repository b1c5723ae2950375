import { setTimeout as pause } from "node:timers/promises";
import type { Campaign, House } from "./campaign.ts";

/** Everything unfinished: parts and batches, jobs, open dead letters, runs. */
export type LeftOver = Record<"parts" | "batches" | "jobs" | "letters" | "runs", number>;

/** Runs that had nothing to do may end after the campaign: waits for them, or names those that never end. */
export async function untilNothingIsLeft(house: House, { campaignId }: Campaign): Promise<LeftOver> {
  for (const deadline = performance.now() + 150_000; ; await pause(250)) {
    const [left] = await house.query<LeftOver>(
      `select
         (select count(*)::int from job_parts where status <> 'done') as parts,
         (select count(*)::int from campaign_batches where campaign_id = $1 and status in ('pending', 'sending')) as batches,
         (select count(*)::int from jobs where ended_at is null) as jobs,
         (select count(*)::int from dead_letter_queue where status = 'failed') as letters,
         (select count(*)::int from engine.runs where ended_at is null) as runs`,
      [campaignId],
    );
    if (left === undefined) throw new Error("A query of counts has one row");
    if (Object.values(left).every((count) => count === 0) || performance.now() > deadline) return left;
  }
}
