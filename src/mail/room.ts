import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import { room } from "#lib/room.ts";
import { mailChecks } from "#mail/check.ts";
import { sendBulkMailRequested, sendMailRequested } from "#mail/events.ts";
import { mailFacts } from "#mail/facts.ts";
import { mailsRepository } from "#mail/mails-repository.ts";
import { reportsRepository } from "#mail/reports-repository.ts";

type Dependencies = { env: Env; fetch: typeof globalThis.fetch; db: DatabaseClient; clock: Clock };

/** Mails contain addresses, so they are deleted after this time. */
const KEEP_DAYS = 90;

export const mail = room<Dependencies>({
  name: "mail",
  chores({ env, db, clock }) {
    const mails = mailsRepository(db, clock);
    const reports = reportsRepository(db, clock, env);
    return [
      deleteOld({ name: "mails", keepDays: KEEP_DAYS, clock, some: mails.purge }),
      deleteOld({ name: "mail-bounces", keepDays: env.MAIL_SOFT_BOUNCE_DAYS, clock, some: reports.purge }),
    ];
  },
  facts: mailFacts,
  checks: mailChecks,
  visibleFields: {
    [sendMailRequested.name]: ["mailId", "template"],
    [sendBulkMailRequested.name]: ["mailId", "template"],
  },
});
