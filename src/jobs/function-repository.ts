import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const ended = z.object({
  /** The jobs that began in this time. */
  started: z.number(),
  completed: z.number(),
  failed: z.number(),
  /** Whether jobs are missing in the counts, because only the newest 2,000 that ended are counted. */
  isMore: z.boolean(),
  /** The share of failed jobs among the counted jobs that completed or failed; null when there are none. */
  failureRate: z.number().nullable(),
});

export const activity = z.object({
  function: z.string(),
  kind: z.string(),
  /** What the function does. Null for a function that no room has registered. */
  summary: z.string().nullable(),
  paused: z.object({ at: z.string(), by: z.string() }).nullable(),
  waiting: z.number(),
  running: z.number(),
  lastHour: ended,
  lastDay: ended,
  /** How long the jobs ran: a percentile of the newest 1,000 counted jobs that completed; null when there are none. */
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});

export const activityDetails = activity.extend({
  /** One entry for each of the last 24 hours; the last entry is the current hour. */
  perHour: z.array(
    z.object({
      at: z.string(),
      completed: z.number(),
      failed: z.number(),
      /** Whether jobs of this hour are missing in the counts, because only its newest 10,000 are counted. */
      isMore: z.boolean(),
    }),
  ),
});

export type FunctionRepository = ReturnType<typeof functionRepository>;

/** The recent work of each function, and the pauses. */
export function functionRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    list: () => call("list_functions", {}, activity.array()),
    get: (functionId: string) => call("get_function", { functionId }, activityDetails.nullable()),
    /** The functions that are registered for each of these events. */
    ofEvents: (events: string[]) =>
      callTimeless("functions_of_events", { events }, z.record(z.string(), z.string().array())),
    /** `pause` and `resume` return the number of jobs in the outbox that they held or released. */
    pause: (functionId: string, by: string) => call("pause_work", { functionId, by }, z.number()),
    resume: (functionId: string) => call("resume_work", { functionId }, z.number()),
  };
}
