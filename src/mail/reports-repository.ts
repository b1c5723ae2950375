import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Env } from "#lib/env.ts";

/**
 * - `bounced`: the address does not exist, or will never take mail.
 * - `soft_bounced`: the mail did not arrive, for a reason that may pass.
 * - `refused`: the receiving server refuses our domain (5.7.x), so it says nothing about the address.
 * - `suppressed`: the provider sent nothing, because the address is on its own list.
 */
export type Outcome = "delivered" | "soft_bounced" | "refused" | "suppressed" | "bounced" | "complained";

/** What a provider says about one mail, or about an address on its own list. */
export type MailReport = {
  address: string;
  /** When the reported event happened. */
  at: string;
  /** The reason that the provider gives, such as "Permanent, General". Contains no personal data. */
  note: string;
} & (
  | { outcome: Outcome; messageId: string; campaignId: string | undefined }
  | { outcome: "added" | "removed"; reason: "bounced" | "complained" | "by_provider" }
);

type Limits = Pick<Env, "MAIL_SOFT_BOUNCES" | "MAIL_SOFT_BOUNCE_DAYS" | "MAIL_REFUSALS">;

export type ReportsRepository = ReturnType<typeof reportsRepository>;

export function reportsRepository(db: DatabaseClient, clock: Clock, limits: Limits) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** Safe to repeat, in any order. Returns whether the report has changed the row of a mail. */
    record: (report: MailReport): Promise<boolean> =>
      call(
        "record_mail_report",
        {
          report: {
            ...report,
            softLimit: limits.MAIL_SOFT_BOUNCES,
            softDays: limits.MAIL_SOFT_BOUNCE_DAYS,
            refusalLimit: limits.MAIL_REFUSALS,
          },
        },
        z.boolean(),
      ),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_mail_bounces", { before: before.toISOString(), limit }, z.number()),
  };
}
