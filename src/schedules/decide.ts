import { createHash } from "node:crypto";
import type { Slot } from "#lib/cron.ts";
import type { Schedule } from "#lib/schedule.ts";

export type Decision = { slot: Slot; fate: "fired" | "merged" | "skipped"; reason: string | null };

type Situation = {
  now: Date;
  pausedBy: string | null;
  /** Whether further slots are due. The given slots are the oldest ones. */
  hasMore: boolean;
};

/** Housekeeping runs every five minutes. A slot that it finds later than this was missed. */
const GRACE_MS = 10 * 60_000;

/**
 * Decides what happens to the slots that are due, in their order. The database still skips or merges a fired slot that
 * overlaps an earlier job.
 */
export function decide(
  schedule: Pick<Schedule, "missed" | "excludedDays">,
  slots: readonly Slot[],
  { now, pausedBy, hasMore }: Situation,
): Decision[] {
  const { missed } = schedule;
  const closed = (slot: Slot): string | null => {
    if (pausedBy !== null) return `paused by ${pausedBy}`;
    return isExcluded(schedule, slot) ? `${slot.local.slice(0, 10)} is excluded` : null;
  };
  const open = slots.filter((slot) => closed(slot) === null);
  const most = typeof missed === "object" ? missed.most : 1;
  const running = new Set(hasMore ? [] : open.slice(-most));
  return slots.map((slot) => {
    const reason = closed(slot);
    if (reason !== null) return { slot, fate: "skipped", reason };
    const isLate = now.getTime() - slot.at.getTime() > GRACE_MS;
    if (missed === "skip" && isLate) return { slot, fate: "skipped", reason: "missed: found too late" };
    if (running.has(slot)) return { slot, fate: "fired", reason: isLate ? "missed: runs late" : null };
    if (missed === "once") return { slot, fate: "merged", reason: "missed: the newest slot runs for it" };
    return { slot, fate: "skipped", reason: `missed: only the newest ${most} run` };
  });
}

export function isExcluded({ excludedDays = [] }: Pick<Schedule, "excludedDays">, { local }: Slot): boolean {
  const day = local.slice(0, 10);
  return excludedDays.includes(day) || excludedDays.includes(day.slice(5));
}

/** The delay of a slot is always the same, and it differs between schedules. */
export function jitterOf(schedule: Pick<Schedule, "name" | "jitterMs">, slot: Slot): number {
  const { name, jitterMs = 0 } = schedule;
  const hash = createHash("sha256").update(`${name} ${slot.local}`).digest().readUInt32BE();
  return Math.floor((hash / 2 ** 32) * jitterMs);
}
