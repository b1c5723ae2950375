import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import { deleteOld } from "#lib/delete-old.ts";
import type { Env } from "#lib/env.ts";
import { room } from "#lib/room.ts";
import { mailChecks } from "#mail/check.ts";
import { sendBulkMailRequested, sendMailRequested } from "#mail/events.ts";
import { mailsRepository } from "#mail/mails-repository.ts";

type Dependencies = { env: Env; fetch: typeof globalThis.fetch; db: DatabaseClient; clock: Clock };

/** Mails hold addresses. */
const KEEP_DAYS = 90;

export const mail = room<Dependencies>({
  name: "mail",
  chores({ db, clock }) {
    const { purge } = mailsRepository(db, clock);
    return [deleteOld({ name: "mails", keepDays: KEEP_DAYS, clock, some: purge })];
  },
  checks: mailChecks,
  visibleFields: {
    [sendMailRequested.name]: ["mailId", "template"],
    [sendBulkMailRequested.name]: ["mailId", "template"],
  },
});
