import type { JobStats } from "#dashboard/types.ts";

type Class = Pick<JobStats["classes"][number], "due" | "keptShare">;

/**
 * The promises of all classes together: how many jobs began or should have begun, and the share of them that began in
 * time; null when there are none. A class without a promise does not count.
 */
export function promisesOf(classes: readonly Class[]): { due: number; keptShare: number | null } {
  let due = 0;
  let kept = 0;
  for (const one of classes)
    if (one.keptShare !== null) {
      due += one.due;
      kept += one.due * one.keptShare;
    }
  return { due, keptShare: due === 0 ? null : kept / due };
}
