import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";

const job = z.object({
  id: z.uuid(),
  action: z.enum(["reprocess", "ignore"]),
  status: z.string(),
  haltedAt: z.string().nullable(),
  /** How many letters the job reprocesses first; the other letters wait until these have ended. */
  canary: z.number(),
  /** The JSON Patch with which the job reprocesses letters. */
  patch: z.array(z.record(z.string(), z.unknown())).nullable(),
  createdAt: z.string(),
});

/**
 * Numbers of dead letters. `completed` and `failedAgain`: how their reprocessing ended. `refused`: the letters that
 * stay open because a patch did not fit them.
 */
const counts = z.object({
  total: z.number(),
  open: z.number(),
  ignored: z.number(),
  reprocessed: z.number(),
  completed: z.number(),
  failedAgain: z.number(),
  refused: z.number(),
});

const reopened = z.object({ at: z.string(), release: z.string().nullable() });

/** A group of dead letters as the database returns it. */
export const groupRow = counts.extend({
  fingerprint: z.string(),
  firstAt: z.string(),
  lastAt: z.string(),
  id: z.uuid(),
  function: z.string(),
  event: z.string(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  hourly: z.array(z.number()),
  job: job.nullable(),
  reopened: reopened.nullable(),
});

const jobView = job.omit({ id: true });

/** Dead letters with one cause, as an administrator sees them. */
export const groupView = z.object({
  fingerprint: z.string(),
  function: z.string(),
  event: z.string(),
  error: z.object({ code: z.string().nullable(), message: z.string().nullable() }),
  counts,
  firstAt: z.string(),
  lastAt: z.string(),
  /** The failures in each of the last 24 hours, the oldest first. */
  hourly: z.array(z.number()),
  /**
   * The time when a fixed cause occurred again, and the deploy that was running then; null when no letter is open.
   */
  reopened: reopened.nullable(),
  /** The newest job that handles or handled the whole group. */
  job: jobView.nullable(),
  links: z.object({ newest: z.string(), job: z.string().nullable() }),
});
z.globalRegistry.add(groupView, { id: "DeadLetterGroup" });

export const toGroupView = (row: z.output<typeof groupRow>): z.output<typeof groupView> => ({
  fingerprint: row.fingerprint,
  function: row.function,
  event: row.event,
  error: { code: row.code, message: row.message },
  counts: counts.parse(row),
  firstAt: row.firstAt,
  lastAt: row.lastAt,
  hourly: row.hourly,
  reopened: row.reopened,
  job: row.job && jobView.parse(row.job),
  links: { newest: `/api/dead-letters/${row.id}`, job: row.job && jobUrl(row.job.id) },
});
