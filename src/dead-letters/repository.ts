import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Json } from "#lib/database/database.types.ts";
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

const alertClaim = z.object({
  state: z.enum(["claimed", "reported", "busy", "done"]),
  durationMs: z.number().nullable(),
});

/** `release` names the running deploy, which is stored in each dead letter. */
export function deadLetterRepository(db: DatabaseClient, clock: Clock, release?: string) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Returns the dead letter's id; null when the run did not fail but was canceled. Safe to repeat. */
    record: (letter: Failure): Promise<string | null> =>
      call("record_dead_letter", { letter: { ...letter, release: release ?? null } }, z.uuid().nullable()),

    claimAlert: (letterId: string, claimant: string) =>
      call("claim_alert", { letterId, claimant }, alertClaim),

    /** Records that the failure was logged and sent to Sentry. */
    confirmReport: (letterId: string): Promise<void> => call("confirm_report", { letterId }),

    confirmAlert: (letterId: string): Promise<void> => call("confirm_alert", { letterId }),

    /** Dead letters that are older than `olderThanMs` and whose alert was not sent. */
    unalerted(olderThanMs: number, limit: number): Promise<DeadLetter[]> {
      const before = new Date(clock.now().getTime() - olderThanMs).toISOString();
      return callTimeless("unalerted_dead_letters", { before, limit }, deadLetterRow.array());
    },

    /** Returns at most `limit` + 1 rows: the extra row shows that there is a next page. */
    list: (filter: LetterFilter, limit: number, before?: Position): Promise<DeadLetter[]> =>
      callTimeless(
        "list_dead_letters",
        {
          status: filter.status,
          eventName: filter.eventName,
          functionId: filter.functionId,
          errorCode: filter.errorCode,
          fingerprint: filter.fingerprint,
          jobId: filter.jobId,
          from: filter.from,
          to: filter.to,
          beforeAt: before?.at,
          beforeId: before?.id,
          limit: limit + 1,
        },
        deadLetterRow.array(),
      ),

    async get(letterId: string): Promise<DeadLetter | null> {
      const row = await unwrap(db.from("dead_letter_queue").select("*").eq("id", letterId).maybeSingle());
      return deadLetterRow.nullable().parse(row);
    },

    /**
     * Returns the new job that does the work again, with `data` or with the event's own data. The job is in the outbox.
     */
    reprocess: (
      letterId: string,
      jobId: string,
      by: string,
      data?: Record<string, Json>,
    ): Promise<ReprocessJob> => call("reprocess_dead_letter", { letterId, jobId, by, data }, reprocessJob),

    ignore: (letterId: string, note: string, by: string): Promise<DeadLetter> =>
      call("ignore_dead_letter", { letterId, note, by }, deadLetterRow),
  };
}
