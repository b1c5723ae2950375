import { z } from "zod";
import { PRIORITIES, prioritySchema } from "#lib/engine/priorities.ts";

const share = z.number().nullable();
const ms = z.number().nullable();

const classRow = z.object({
  priority: prioritySchema,
  waiting: z.number(),
  running: z.number(),
  oldestWaitingMs: ms,
  /** Of the last hour, as all that follows. */
  started: z.number(),
  /** Begun before they were due, of all that were begun or should have been. */
  keptShare: share,
  waitMsP50: ms,
  waitMsP99: ms,
});

/** How the work goes, as the database counts it. */
export const jobStatsRow = z.object({
  classes: z.array(classRow),
  /** The last sixty minutes, the present one last. */
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
  /** Of what completed or failed; null when nothing did. */
  failureRate: share,
  /** Retries, of all that was tried. */
  retryRate: share,
  /** S3-13: one worker for each hundred that wait. */
  workersWanted: z.number(),
});

const classView = classRow.extend({ name: z.string(), promiseMs: ms });

/** The same for people: each class with its name and what it is promised. */
export const jobStatsView = jobStatsRow.extend({ classes: z.array(classView) });
z.globalRegistry.add(jobStatsView, { id: "JobStats" });

export const toJobStatsView = (stats: z.output<typeof jobStatsRow>): z.output<typeof jobStatsView> => ({
  ...stats,
  classes: stats.classes.map((row) => {
    const { name, promiseMs } = PRIORITIES[row.priority];
    // What is promised nothing keeps every promise, which says nothing.
    return { ...row, name, promiseMs, keptShare: promiseMs === null ? null : row.keptShare };
  }),
});
