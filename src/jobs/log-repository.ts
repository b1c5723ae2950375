import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { KeptLog } from "#lib/engine/keep-log.ts";

export const logLine = z.object({
  runId: z.string(),
  function: z.string(),
  at: z.string(),
  level: z.string(),
  message: z.string(),
  /** The other fields of the line as JSON, cut after 3,000 characters; empty when the line has no other fields. */
  facts: z.string(),
});

export type LogRepository = ReturnType<typeof logRepository>;

export function logRepository(db: DatabaseClient, clock: Clock) {
  const { callTimeless } = createCall(db, clock);
  return {
    keep: (log: KeptLog): Promise<void> => callTimeless("keep_log_lines", { ...log }),

    read: (jobId: string, limit: number) => callTimeless("job_log", { jobId, limit }, logLine.array()),
  };
}
