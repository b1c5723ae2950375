import type { OnFailure } from "#dead-letters/on-failure.ts";
import type { Clock } from "#lib/clock.ts";
import type { FlowControl } from "#lib/engine/flow-control.ts";
import type { InngestClient } from "#lib/engine/inngest.ts";
import { tries } from "#lib/engine/retry-policy.ts";
import type { MailMode } from "#lib/environment-fence.ts";
import { AppError } from "#lib/errors.ts";
import { compose, WRITTEN, type WrittenMail } from "#mail/compose.ts";
import { sendBulkMailRequested, sendMailRequested } from "#mail/events.ts";
import { type Mailer, type MailResult, refusesAll, writeMail } from "#mail/mailer.ts";
import type { Mail, MailsRepository } from "#mail/mails-repository.ts";
import type { Pace } from "#mail/pace.ts";
import type { MailProvider } from "#mail/providers.ts";
import { fillTemplate, Template } from "#mail/template.ts";
import { CAMPAIGN_TEST, templates } from "#mail/templates.ts";

type Dependencies = {
  inngest: InngestClient;
  mails: Pick<MailsRepository, "begin" | "settle">;
  /** The providers, in the order in which they are asked. */
  providers: readonly MailProvider[];
  from: string;
  mailMode: () => Promise<MailMode>;
  clock: Clock;
  flow: FlowControl;
  onFailure: OnFailure;
};

type Sender = {
  id: string;
  requested: typeof sendMailRequested | typeof sendBulkMailRequested;
  paceOf: (provider: MailProvider) => MailPace;
  limits: Partial<ReturnType<FlowControl["prioritized"]>>;
};
type MailPace = Pick<Pace, "reach" | "obey">;
type Provider = { mailer: Mailer; pace: MailPace };

/** Sends a mail of the product itself to one person. It is sent before the mails of campaigns. */
export const sendMail = (deps: Dependencies) =>
  sender(deps, {
    id: "send-mail",
    requested: sendMailRequested,
    paceOf: ({ urgentPace }) => urgentPace,
    limits: deps.flow.prioritized(10),
  });

/**
 * Sends one of many similar mails. The mail waits like the mails of campaigns, so that mails of `sendMail` are sent
 * first.
 */
export const sendBulkMail = (deps: Dependencies) =>
  sender(deps, {
    id: "send-bulk-mail",
    requested: sendBulkMailRequested,
    paceOf: ({ pace }) => pace,
    limits: deps.flow.background(),
  });

/** Makes a function that sends each mail once: the idempotency key for the mailer is the mail's id. */
const sender = (deps: Dependencies, { id, requested, paceOf, limits }: Sender) =>
  deps.inngest.createFunction(
    { id, triggers: [requested], ...limits, ...tries("email"), onFailure: deps.onFailure },
    async ({ event, step }) => {
      const { mailId } = event.data;
      const providers = deps.providers.map((one) => ({ mailer: one.mailer, pace: paceOf(one) }));
      const sent = await step.run("send", () => send(deps, mailId, providers));
      if (sent === null) return { mailId, status: "skipped", reason: "the address is suppressed" };
      await step.run("settle", () => deps.mails.settle(mailId, sent.messageId));
      return { mailId, ...sent };
    },
  );

type Sent = { provider: string; messageId: string };

/**
 * Asks the providers in their order to send the mail. Asks the next provider only when the previous provider has refused
 * all our mail and cannot have sent this mail. Returns null when the address gets no mail.
 */
async function send(deps: Dependencies, id: string, providers: readonly Provider[]): Promise<Sent | null> {
  const { mails } = deps;
  const [first, ...others] = providers;
  if (!first) throw new AppError("configuration", "No mail provider is configured");
  const { mailer, pace } = first;
  await mayBegin(deps, pace);
  const mail = await mails.begin(id, mailer.account);
  if (!mail) throw new AppError("not_found", "There is no mail with this id");
  const { provider, messageId } = mail;
  if (messageId !== null) return { provider, messageId };
  if (mail.suppression !== null) return null;
  if (provider !== mailer.account) return send(deps, id, onlyThis(provider, others));
  refuseForgottenKey(deps.clock, mailer, mail);

  const written = await writeOrUndoBegin(deps, id, mail);
  const answer = await mailer.sendBatch([written], `mail:${id}`);
  const [result] = answer.kind === "unknown" ? [] : (answer.results ?? []);
  if (result !== undefined && "messageId" in result) return { provider, messageId: result.messageId };
  // A refusal of this call says nothing about an earlier call that got no answer.
  const isInDoubt =
    mail.askedAt !== null || answer.kind === "unknown" || (result !== undefined && "doubt" in result);
  // The provider certainly did not send the mail, so the next try counts as the first try.
  if (!isInDoubt) await mails.settle(id, undefined);
  if (answer.kind === "taken") throw refusalOf(result);
  await pace.obey(answer.error);
  if (!isInDoubt && refusesAll(answer) && others.length > 0) return send(deps, id, others);
  throw answer.error;
}

async function mayBegin({ mailMode }: Dependencies, pace: MailPace): Promise<void> {
  const mode = await mailMode();
  if (mode.mode === "hold") throw new AppError("environment_fenced", mode.reason);
  const pause = await pace.reach();
  if (pause) throw pause;
}

/**
 * Once a provider may have sent the mail, no other provider may send it. Throws if that provider is no longer
 * configured.
 */
function onlyThis(name: string, providers: readonly Provider[]): Provider[] {
  const asked = providers.filter(({ mailer }) => mailer.account === name);
  if (asked.length > 0) return asked;
  throw new AppError(
    "outcome_unknown",
    `${name} may have sent the mail, but is not in MAIL_PROVIDERS any more`,
  );
}

function refusalOf(result: MailResult | undefined): AppError {
  if (result === undefined) return new AppError("provider_timeout", "The mailer had no time for this mail");
  if ("doubt" in result) return new AppError("provider_timeout", result.doubt);
  return new AppError("invalid_recipient", "The mailer refuses this address");
}

/** If the mailer has forgotten the mail's key, sending it again could send it twice. */
function refuseForgottenKey(clock: Clock, mailer: Mailer, { askedAt }: Mail): void {
  if (askedAt === null) return;
  const ageMs = clock.now().getTime() - Date.parse(askedAt);
  if (ageMs < (mailer.remembersKeysForMs ?? 0)) return;
  throw new AppError("outcome_unknown", "The mailer was asked before, and no longer knows the key");
}

/** If the mail cannot be written, no provider was asked, so the stored time of asking is removed. */
async function writeOrUndoBegin(deps: Dependencies, id: string, mail: Mail): Promise<string> {
  try {
    return write(deps, mail);
  } catch (error) {
    if (mail.askedAt === null) await deps.mails.settle(id, undefined);
    throw error;
  }
}

function write(deps: Dependencies, { template, to, fields }: Mail): string {
  const { from, replyTo, subject, html, text } = composeFor(deps, template, fields);
  const mail = writeMail({
    from,
    to: asIs(to),
    subject: asIs(subject),
    html: html === null ? undefined : asIs(html),
    text: asIs(text),
    reply_to: replyTo ?? undefined,
    tags: [{ name: "kind", value: template }],
  });
  return fillTemplate(mail, () => undefined, []);
}

function composeFor({ from }: Dependencies, template: string, fields: unknown): WrittenMail {
  if (template === CAMPAIGN_TEST) return WRITTEN.parse(fields);
  const text = templates[template];
  if (!text) throw new AppError("configuration", `There is no mail template ${template}`);
  return { from, replyTo: null, ...compose(text, fields) };
}

/** The text is not read as a template, even when it contains braces. */
const asIs = (text: string) => new Template([text], []);
