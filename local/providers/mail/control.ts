import { z } from "zod";
import { json, parseBody } from "#providers/http.ts";
import type { SendingApi } from "#providers/mail/api.ts";
import type { MailRecord, Summary } from "#providers/mail/record.ts";
import { faultRule, type Settings } from "#providers/mail/settings.ts";
import type { SettingsFile } from "#providers/settings-file.ts";

/** The body of each control call, and the settings that it changes. */
const calls = {
  "/_control/faults": z
    .strictObject({ rules: z.array(faultRule) })
    .transform(({ rules }) => ({ faults: rules })),
  "/_control/keys": z
    .strictObject({ accept: z.array(z.string()).nullable() })
    .transform(({ accept }) => ({ keys: accept })),
  "/_control/reject": z
    .strictObject({ addresses: z.array(z.string()) })
    .transform(({ addresses }) => ({ rejected: addresses.map((address) => address.toLowerCase()) })),
  "/_control/rate": z.strictObject({ requestsPerSecond: z.number().min(0) }),
  "/_control/latency": z.strictObject({ latencyMs: z.number().min(0).max(600_000) }),
  "/_control/idempotency": z
    .strictObject({ honored: z.boolean() })
    .transform(({ honored }) => ({ idempotency: honored })),
} satisfies Record<string, z.ZodType<Partial<Settings>>>;

const isCall = (path: string): path is keyof typeof calls => Object.hasOwn(calls, path);

/** Changes the stand-in's settings and reads its record. Resend has no such API. */
export async function control(
  request: Request,
  url: URL,
  { record, api, settings }: { record: MailRecord; api: SendingApi; settings: SettingsFile<Settings> },
): Promise<Response> {
  const { pathname, searchParams } = url;
  if (request.method === "POST" && isCall(pathname)) {
    const change = await parseBody<Partial<Settings>>(request, calls[pathname]);
    if (change instanceof Response) return change;
    settings.change(change);
    api.settingsChanged();
    return json(200, settings.current);
  }
  if (request.method !== "GET")
    return json(404, { error: `${request.method} ${pathname} is no control call.` });
  if (pathname === "/_control/settings") return json(200, settings.current);
  if (pathname === "/_control/stats")
    return json(200, stats(searchParams.get("campaign_id") ?? undefined, record, api));
  if (pathname === "/_control/messages") return json(200, messages(searchParams, record));
  const id = /^\/_control\/messages\/([\w-]+)$/.exec(pathname)?.[1];
  const found = id === undefined ? undefined : record.find(id);
  if (found !== undefined) return json(200, { ...found.email, ...found.summary });
  return json(404, { error: `There is no ${pathname} here.` });
}

/**
 * When a campaign is given, the counts of mails (`accepted`, `recipients`, `duplicates`) are of that campaign. The
 * other counts are always of all requests.
 */
function stats(campaignId: string | undefined, record: MailRecord, api: SendingApi) {
  return {
    ...record.counts(campaignId),
    byStatus: record.byStatus,
    inFlight: api.inFlight,
    maxInFlight: api.maxInFlight,
  };
}

const defaultPage = 50;
const maxPage = 10_000;

/** Newest first; `before` is the last id of the previous page. */
function messages(query: URLSearchParams, record: MailRecord): { messages: Summary[]; next: string | null } {
  const limit = Math.min(Number(query.get("limit")) || defaultPage, maxPage);
  const before = query.get("before");
  const campaignId = query.get("campaign_id");
  const words = query.get("q")?.toLowerCase();
  const page: Summary[] = [];
  let isPast = before === null;
  for (const summary of record.summaries()) {
    if (!isPast) {
      isPast = summary.id === before;
      continue;
    }
    if (campaignId !== null && summary.campaignId !== campaignId) continue;
    if (words && !`${summary.to.join(" ")} ${summary.subject} ${summary.from}`.toLowerCase().includes(words))
      continue;
    page.push(summary);
    if (page.length === limit) return { messages: page, next: summary.id };
  }
  return { messages: page, next: null };
}
