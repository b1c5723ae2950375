import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

export type CostRepository = ReturnType<typeof costRepository>;

const ofFunction = z.object({
  function_id: z.string(),
  job_count: z.number(),
  run_count: z.number(),
  retry_count: z.number(),
  fan_out_count: z.number(),
  part_count: z.number(),
  failed_count: z.number(),
  mail_count: z.number(),
});

export function costRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Counts at most `limit` ends of jobs. Returns how many. */
    tally: (limit: number) => call("tally_usage", { limit }, z.number()),

    /** `month`: its first day. */
    month: (month: string) => callTimeless("read_month_usage", { month }, ofFunction.array()),
  };
}
