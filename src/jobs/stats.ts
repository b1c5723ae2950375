import { z } from "zod";
import { PRIORITIES, prioritySchema } from "#lib/engine/priorities.ts";

const share = z.number().nullable();
const ms = z.number().nullable();

const classRow = z.object({
  priority: prioritySchema,
  waiting: z.number(),
  running: z.number(),
  oldestWaitingMs: ms,
  /** The jobs that began in the minutes of `perMinute`. The following fields are about these minutes, too. */
  started: z.number(),
  /** The jobs of `started`, and the jobs that still wait after their due time, however long they have waited. */
  begunOrLate: z.number(),
  /** The share of jobs that began in time (not after their due time), among the jobs of `begunOrLate`. */
  keptShare: share,
  waitMsP50: ms,
  waitMsP99: ms,
});

/** Statistics of jobs, as the database returns them. */
export const jobStatsRow = z.object({
  classes: z.array(classRow),
  /**
   * One entry for each of the last sixty minutes; the last entry is the current minute. When more than 20,000 jobs were
   * accepted, begun, ended or retried in sixty minutes, there are entries for the newest minutes only.
   */
  perMinute: z.array(
    z.object({
      at: z.string(),
      accepted: z.number(),
      started: z.number(),
      completed: z.number(),
      failed: z.number(),
      retried: z.number(),
    }),
  ),
  /** The share of failed jobs among the jobs that completed or failed; null when there are none. */
  failureRate: share,
  /** The share of retries among all tries. */
  retryRate: share,
  /** S3-13: one worker for every hundred waiting jobs. */
  workersWanted: z.number(),
});

const classView = classRow.extend({ name: z.string(), promiseMs: ms });

/** The statistics of jobs, with each class's name and promise. */
export const jobStatsView = jobStatsRow.extend({ classes: z.array(classView) });
z.globalRegistry.add(jobStatsView, { id: "JobStats" });

export const toJobStatsView = (stats: z.output<typeof jobStatsRow>): z.output<typeof jobStatsView> => ({
  ...stats,
  classes: stats.classes.map((row) => {
    const { name, promiseMs } = PRIORITIES[row.priority];
    // A class without a promise is never late, so its share would always be 100 %.
    return { ...row, name, promiseMs, keptShare: promiseMs === null ? null : row.keptShare };
  }),
});
