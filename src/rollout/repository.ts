import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

export type FlagRepository = ReturnType<typeof flagRepository>;

const flagRow = z.object({
  name: z.string(),
  environment: z.string(),
  is_on: z.boolean(),
  percentage: z.number(),
  allowed: z.array(z.string()),
  updated_at: z.string(),
});
export type FlagRow = z.output<typeof flagRow>;
const result = z.object({
  decided: z.number(),
  ended: z.number(),
  failed: z.number(),
  handedOver: z.number(),
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
export const comparison = z.object({ queue: result, sync: result });

export type FlagChanges = {
  isOn?: boolean | undefined;
  percentage?: number | undefined;
  allowed?: string[] | undefined;
};
export type Decision = {
  flag: string;
  subject: string;
  key: string;
  way: "queue" | "sync";
  reason: string;
  jobId: string;
};

/** The flags of one environment, and the decisions that were made by them. */
export function flagRepository(db: DatabaseClient, clock: Clock, environment: string) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    get: (name: string) => callTimeless("get_flag", { name, environment }, flagRow.nullable()),

    list: () => callTimeless("list_flags", { environment }, flagRow.array()),

    set: (name: string, { isOn, percentage, allowed }: FlagChanges) =>
      call("set_flag", { name, environment, isOn, percentage, allowed }, flagRow),

    remove: (name: string) => callTimeless("delete_flag", { name, environment }, z.boolean()),

    /** Records the decision, unless this subject has one already. Returns the way of the first decision. */
    decide: (decision: Decision) =>
      call(
        "decide_way",
        { environment, ...decision },
        z.object({ way: z.enum(["queue", "sync"]), isNew: z.boolean() }),
      ),

    compare: (flag: string, since: string) =>
      callTimeless("compare_ways", { flag, environment, since }, comparison),

    /** Deletes old decisions, and returns how many. */
    forget: (before: Date, limit: number) =>
      callTimeless("delete_flag_decisions", { before: before.toISOString(), limit }, z.number()),

    queue: (jobId: string): Promise<void> => call("queue_held_job", { jobId }),

    /** Releases the jobs that were held before `before`, and returns how many. */
    queueLeft: (functionId: string, before: Date, limit: number) =>
      call("queue_left_jobs", { functionId, before: before.toISOString(), limit }, z.number()),
  };
}
