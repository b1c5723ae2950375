import { join } from "node:path";
import { json } from "#providers/http.ts";
import { type Clock, SendingApi } from "#providers/mail/api.ts";
import { control } from "#providers/mail/control.ts";
import { errors } from "#providers/mail/errors.ts";
import { inbox, messageView } from "#providers/mail/inbox.ts";
import { MailRecord } from "#providers/mail/record.ts";
import { checkKeys } from "#providers/mail/resend-request.ts";
import { type Settings, settingsSchema } from "#providers/mail/settings.ts";
import { openSettings } from "#providers/settings-file.ts";
import { SlackWebhook } from "#providers/slack.ts";

export type MailProvider = { fetch(request: Request): Promise<Response>; close(): void };

/**
 * A stand-in for Resend and for Slack's webhook, with an inbox for people and a control API for tests. The record,
 * idempotency keys and settings survive a restart only when `dir` is set.
 */
export function createMailProvider(
  options: { dir?: string; clock?: Clock; settings?: Partial<Settings> } = {},
): MailProvider {
  const { dir, clock = { now: () => new Date() } } = options;
  const inDir = (name: string) => (dir === undefined ? undefined : join(dir, name));
  const record = new MailRecord(inDir("mail.journal"));
  const settings = openSettings(settingsSchema, inDir("settings.json"), options.settings ?? {});
  const api = new SendingApi(record, settings, clock);
  const slack = new SlackWebhook(inDir("slack.journal"), clock);

  return {
    async fetch(request) {
      const url = new URL(request.url);
      const { pathname } = url;
      if (pathname === "/emails" || pathname === "/emails/batch") {
        return request.method === "POST" ? api.send(request, pathname) : json(405, errors.methodNotAllowed);
      }
      if (pathname === "/domains") return domains(request, settings.current.keys);
      if (pathname === "/slack" && request.method === "POST") return slack.post(request);
      if (pathname === "/_control/slack") return slack.list();
      if (pathname.startsWith("/_control/")) return control(request, url, { record, api, settings });
      return inbox(pathname) ?? messageView(pathname, record) ?? json(404, errors.notFound);
    },
    close() {
      record.close();
      slack.close();
    },
  };
}

/**
 * The sender domains of the account. The list is empty, because callers only want to know whether the key is accepted.
 */
function domains(request: Request, accepted: Settings["keys"]): Response {
  const refusal = checkKeys(request, undefined, accepted);
  return refusal
    ? json(refusal.statusCode, refusal)
    : json(200, { object: "list", has_more: false, data: [] });
}
