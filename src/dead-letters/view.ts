import { z } from "zod";
import { jobUrl } from "#jobs/view.ts";
import { type DeadLetter, letterStatus } from "./rows.ts";

/** A dead letter as an administrator sees it. */
export const letterView = z.object({
  id: z.uuid(),
  status: letterStatus,
  function: z.string(),
  event: z.object({ id: z.string(), name: z.string(), data: z.record(z.string(), z.unknown()) }),
  runId: z.string(),
  attempts: z.number(),
  error: z.object({
    code: z.string().nullable(),
    message: z.string().nullable(),
    stack: z.string().nullable(),
  }),
  fingerprint: z.string(),
  failedAt: z.string(),
  /** The deploy that was running when the run failed: the value of RELEASE. */
  release: z.string().nullable(),
  /** Whether this was the first failure after its cause had been fixed. */
  reopens: z.boolean(),
  handledBy: z.string().nullable(),
  handledAt: z.string().nullable(),
  note: z.string().nullable(),
  /** The patched data with which the letter was reprocessed; `event.data` is the data without the patch. */
  patchedData: z.record(z.string(), z.unknown()).nullable(),
  /** Why a patch could not be applied; the letter stays open. */
  refusal: z.string().nullable(),
  /** How the reprocessing ended; null while it runs, and when the letter was not reprocessed. */
  outcome: z.string().nullable(),
  links: z.object({
    self: z.string(),
    job: z.string().nullable(),
    reprocessJob: z.string().nullable(),
    parent: z.string().nullable(),
  }),
});
z.globalRegistry.add(letterView, { id: "DeadLetter" });

const letterUrl = (id: string): string => `/api/dead-letters/${id}`;

export const toLetterView = (letter: DeadLetter): z.output<typeof letterView> => ({
  id: letter.id,
  status: letter.status,
  function: letter.function_id,
  event: { id: letter.event_id, name: letter.event_name, data: letter.event_data },
  runId: letter.run_id,
  attempts: letter.attempts,
  error: { code: letter.error_code, message: letter.error_message, stack: letter.error_stack },
  fingerprint: letter.fingerprint,
  failedAt: letter.failed_at,
  release: letter.release,
  reopens: letter.reopens,
  handledBy: letter.handled_by,
  handledAt: letter.handled_at,
  note: letter.note,
  // Null before reprocessing, because the patched data of an open letter was checked but never sent.
  patchedData: letter.status === "reprocessed" ? letter.patched_data : null,
  refusal: letter.status === "failed" ? letter.refusal : null,
  outcome: letter.outcome,
  links: {
    self: letterUrl(letter.id),
    job: letter.job_id && jobUrl(letter.job_id),
    reprocessJob: letter.reprocess_job_id && jobUrl(letter.reprocess_job_id),
    parent: letter.parent_id && letterUrl(letter.parent_id),
  },
});
