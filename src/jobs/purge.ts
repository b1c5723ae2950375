import type { Clock } from "#lib/clock.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Chore } from "#lib/housekeeping.ts";
import type { JobRepository } from "./repository.ts";

type Dependencies = { jobs: Pick<JobRepository, "purge" | "trim">; clock: Clock };

const DAY_MS = 24 * 60 * 60_000;
const KEEP_COMPLETED_DAYS = 30;
const KEEP_FAILED_DAYS = 90;
/**
 * A weekly digest counts the jobs of seven days, and may come 39 hours late. So no job is deleted earlier, whatever its
 * kind keeps.
 */
const KEEP_ALL_DAYS = 9;

/** Deletes old rows of the ledger, and jobs of which there are too many. */
export const purge = ({ jobs, clock }: Dependencies): Chore[] => [
  deleteOld({
    name: "purge",
    keepDays: KEEP_COMPLETED_DAYS,
    clock,
    some: (before, limit) =>
      jobs.purge(before, new Date(clock.now().getTime() - KEEP_FAILED_DAYS * DAY_MS), limit),
  }),
  deleteOld({ name: "trim", keepDays: KEEP_ALL_DAYS, clock, some: jobs.trim }),
];
