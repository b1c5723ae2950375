import { setTimeout as pause } from "node:timers/promises";
import type { Campaign, House } from "./campaign.ts";

/** What is not settled: parts and batches, jobs that go on, dead letters nobody has handled, runs that live. */
export type LeftOver = Record<"parts" | "batches" | "jobs" | "letters" | "runs", number>;

/** Runs that came too late to do anything may outlive the campaign: waits for their end, or says what never ends. */
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
