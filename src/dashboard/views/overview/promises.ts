import type { JobStats } from "#dashboard/types.ts";

type Class = Pick<JobStats["classes"][number], "begunOrLate" | "keptShare">;

/**
 * The promises of all classes together: how many jobs began or are late, and the share of them that began in time;
 * null when there are none. A class without a promise does not count.
 */
export function promisesOf(classes: readonly Class[]): { begunOrLate: number; keptShare: number | null } {
  let begunOrLate = 0;
  let kept = 0;
  for (const one of classes)
    if (one.keptShare !== null) {
      begunOrLate += one.begunOrLate;
      kept += one.begunOrLate * one.keptShare;
    }
  return { begunOrLate, keptShare: begunOrLate === 0 ? null : kept / begunOrLate };
}
