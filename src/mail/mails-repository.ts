import { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";

const mail = z.object({
  template: z.string(),
  to: z.string(),
  fields: z.json(),
  provider: z.string(),
  askedAt: z.string().nullable(),
  messageId: z.string().nullable(),
  suppression: z.string().nullable(),
});
export type Mail = z.output<typeof mail>;

export type MailsRepository = ReturnType<typeof mailsRepository>;

export function mailsRepository(db: DatabaseClient, clock: Clock) {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /**
     * Records that this provider is asked to send the mail, unless the address is suppressed. `askedAt` is the time of an
     * earlier such request.
     */
    begin: async (id: string, provider: string): Promise<Mail | undefined> =>
      (await call("begin_mail", { id, provider }, mail.nullable())) ?? undefined,

    /** `messageId` undefined: the provider certainly did not take the mail. */
    settle: (id: string, messageId: string | undefined) => callTimeless("settle_mail", { id, messageId }),

    purge: (before: Date, limit: number) =>
      callTimeless("purge_mails", { before: before.toISOString(), limit }, z.number()),
  };
}
