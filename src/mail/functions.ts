import type { InngestFunction } from "inngest";
import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Tokens } from "#lib/database/tokens.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import type { Env } from "#lib/env.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { mailsRepository } from "#mail/mails-repository.ts";
import { mailProviders } from "#mail/providers.ts";
import { sendBulkMail, sendMail } from "#mail/send-mail.ts";

type Dependencies = {
  env: Env;
  inngest: InngestClient;
  db: DatabaseClient;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  tokens: Tokens;
  flow: FlowControl;
  onFailure: OnFailure;
  mailMode: () => Promise<MailMode>;
};

export function mailFunctions({ env, db, ...deps }: Dependencies): InngestFunction.Any[] {
  const all = {
    ...deps,
    mails: mailsRepository(db, deps.clock),
    providers: mailProviders({ env, ...deps }),
    from: env.MAIL_FROM,
  };
  return [sendMail(all), sendBulkMail(all)];
}
