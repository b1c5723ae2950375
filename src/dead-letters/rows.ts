import { z } from "zod";
import { jobRow } from "#jobs/rows.ts";

export const letterStatus = z.enum(["failed", "reprocessed", "ignored"]);

/** A dead letter as the database returns it. */
export const deadLetterRow = z.object({
  id: z.uuid(),
  event_name: z.string(),
  event_data: z.record(z.string(), z.json()),
  error_message: z.string().nullable(),
  error_stack: z.string().nullable(),
  attempts: z.number(),
  failed_at: z.string(),
  reprocessed_at: z.string().nullable(),
  status: letterStatus,
  event_id: z.string(),
  run_id: z.string(),
  function_id: z.string(),
  job_id: z.uuid().nullable(),
  error_code: z.string().nullable(),
  fingerprint: z.string(),
  parent_id: z.uuid().nullable(),
  note: z.string().nullable(),
  handled_by: z.string().nullable(),
  handled_at: z.string().nullable(),
  reprocess_job_id: z.uuid().nullable(),
  patched_data: z.record(z.string(), z.json()).nullable(),
  refusal: z.string().nullable(),
  release: z.string().nullable(),
  reopens: z.boolean(),
  outcome: z.enum(["completed", "failed", "canceled", "skipped"]).nullable(),
});
export type DeadLetter = z.output<typeof deadLetterRow>;

export type LetterFilter = {
  status?: z.output<typeof letterStatus> | undefined;
  eventName?: string | undefined;
  functionId?: string | undefined;
  errorCode?: string | undefined;
  fingerprint?: string | undefined;
  jobId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};

/** The fields of a reprocessed job that the outbox needs. */
export const reprocessJob = jobRow.pick({ id: true, event_name: true, event_data: true, released_at: true });
export type ReprocessJob = z.output<typeof reprocessJob>;
