import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";
import type { Failure } from "./failure.ts";
import {
  type DeadLetter,
  deadLetterRow,
  type LetterFilter,
  type ReprocessJob,
  reprocessJob,
} from "./rows.ts";

export type DeadLetterRepository = ReturnType<typeof deadLetterRepository>;

const alertClaim = z.enum(["claimed", "reported", "busy", "done"]);

export function deadLetterRepository(db: DatabaseClient, clock: Clock) {
  const now = () => clock.now().toISOString();
  return {
    /** The letter's id; null when the run did not fail but was canceled. Safe to repeat. */
    async record(failure: Failure): Promise<string | null> {
      const id = await unwrap(db.rpc("record_dead_letter", { p_letter: failure, p_now: now() }));
      return z.uuid().nullable().parse(id);
    },

    async claimAlert(letterId: string, claimant: string) {
      const claim = await unwrap(
        db.rpc("claim_alert", { p_letter_id: letterId, p_claimant: claimant, p_now: now() }),
      );
      return alertClaim.parse(claim);
    },

    /** The log and Sentry have it. */
    async confirmReport(letterId: string): Promise<void> {
      await unwrap(db.rpc("confirm_report", { p_letter_id: letterId, p_now: now() }));
    },

    async confirmAlert(letterId: string): Promise<void> {
      await unwrap(db.rpc("confirm_alert", { p_letter_id: letterId, p_now: now() }));
    },

    /** Letters nobody was told of, though there was time. */
    async unalerted(olderThanMs: number, limit: number): Promise<DeadLetter[]> {
      const before = new Date(clock.now().getTime() - olderThanMs).toISOString();
      const rows = await unwrap(db.rpc("unalerted_dead_letters", { p_before: before, p_limit: limit }));
      return deadLetterRow.array().parse(rows);
    },

    /** One row more than `limit`, when there is one. */
    async list(filter: LetterFilter, limit: number, before?: Position): Promise<DeadLetter[]> {
      const rows = await unwrap(
        db.rpc("list_dead_letters", {
          p_status: filter.status ?? null,
          p_event_name: filter.eventName ?? null,
          p_function_id: filter.functionId ?? null,
          p_error_code: filter.errorCode ?? null,
          p_fingerprint: filter.fingerprint ?? null,
          p_job_id: filter.jobId ?? null,
          p_from: filter.from ?? null,
          p_to: filter.to ?? null,
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return deadLetterRow.array().parse(rows);
    },

    async get(letterId: string): Promise<DeadLetter | null> {
      const row = await unwrap(db.from("dead_letter_queue").select("*").eq("id", letterId).maybeSingle());
      return deadLetterRow.nullable().parse(row);
    },

    /** The job that puts the work back, standing in the outbox. */
    async reprocess(letterId: string, jobId: string, by: string): Promise<ReprocessJob> {
      const row = await unwrap(
        db.rpc("reprocess_dead_letter", { p_letter_id: letterId, p_job_id: jobId, p_by: by, p_now: now() }),
      );
      return reprocessJob.parse(row);
    },

    async ignore(letterId: string, note: string, by: string): Promise<DeadLetter> {
      const row = await unwrap(
        db.rpc("ignore_dead_letter", { p_letter_id: letterId, p_note: note, p_by: by, p_now: now() }),
      );
      return deadLetterRow.parse(row);
    },
  };
}
