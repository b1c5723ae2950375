import { z } from "zod";
import type { CampaignChanges, CampaignContent } from "#campaigns/content.ts";
import { prepareHtml } from "#campaigns/prepare-html.ts";
import type { JobRequest } from "#jobs/request.ts";
import { blockedRow, blockedView, type Job, jobRow, toBlockedView } from "#jobs/rows.ts";
import type { Clock } from "#lib/clock.ts";
import { createCall } from "#lib/database/call.ts";
import type { DatabaseClient } from "#lib/database/client.ts";
import type { Position } from "#lib/http/pages.ts";

const count = z.number();
/** A campaign as the API shows it. */
export const campaignView = z.object({
  id: z.uuid(),
  name: z.string(),
  listId: z.uuid(),
  /** "blocked": the rest cannot be sent until a person acts. */
  status: z.enum(["draft", "queued", "sending", "paused", "blocked", "completed", "canceled", "failed"]),
  blocked: blockedView.nullable(),
  pausedAt: z.string().nullable(),
  note: z.string().nullable(),
  jobId: z.uuid().nullable(),
  subject: z.string(),
  html: z.string().nullable(),
  text: z.string().nullable(),
  from: z.string(),
  replyTo: z.string().nullable(),
  missingField: z.enum(["fail", "empty"]),
  /** Grows with each change of the draft. */
  version: z.number(),
  counts: z.object({
    recipients: count,
    pending: count,
    sending: count,
    sent: count,
    failed: count,
    skipped: count,
    unknown: count,
  }),
  /** How many mails each provider has sent. */
  sentBy: z.record(z.string(), count),
  recipientsPerSecond: z.number().nullable(),
  createdAt: z.string(),
  queuedAt: z.string().nullable(),
  /** When a scheduled campaign begins; null when the campaign is not scheduled or has begun. */
  sendAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  /**
   * All parts of the campaign are paused until this time, because the mail provider asked for a pause; null while any
   * part is worked on.
   */
  waitingUntil: z.string().nullable(),
});
z.globalRegistry.add(campaignView, { id: "Campaign" });
export type CampaignView = z.output<typeof campaignView>;
const campaignRow = campaignView.extend({ blocked: blockedRow.nullable() });

export const SEND_STATUSES = [
  "pending",
  "claimed",
  "sending",
  "sent",
  "failed",
  "skipped",
  "unknown",
] as const;

const sendRow = z.object({
  id: z.number(),
  email: z.string(),
  status: z.enum(SEND_STATUSES),
  batch_no: z.number(),
  attempts: z.number(),
  /** The provider that sent the mail, or may have sent it. */
  provider: z.string().nullable(),
  provider_message_id: z.string().nullable(),
  error_code: z.string().nullable(),
  reported: z.string().nullable(),
  note: z.string().nullable(),
});
export type SendRow = z.output<typeof sendRow>;

const summaryRow = z.object({
  id: z.uuid(),
  name: z.string(),
  status: campaignView.shape.status,
  created_at: z.string(),
});
export type CampaignSummary = z.output<typeof summaryRow>;

export type CampaignApiRepository = ReturnType<typeof campaignApiRepository>;

/** The API's statements about campaigns. `owner: null` is an admin; any other owner sees only its own campaigns. */
export const campaignApiRepository = (db: DatabaseClient, clock: Clock) => {
  const { call, callTimeless } = createCall(db, clock);
  return {
    /** `id`: see `idOfRequest`. */
    create: (id: string, listOwner: string | null, content: CampaignContent): Promise<string> =>
      call("create_campaign", { id, listOwner, content: prepareHtml(content) }, z.uuid()),

    update: (campaignId: string, owner: string | null, content: CampaignChanges): Promise<void> =>
      callTimeless("update_campaign", { campaignId, owner, content: prepareHtml(content) }),

    async get(campaignId: string, owner: string | null): Promise<CampaignView> {
      const campaign = await call("get_campaign", { campaignId, owner }, campaignRow);
      return { ...campaign, blocked: toBlockedView(campaign.blocked) };
    },

    /** Returns at most `limit` + 1 rows, newest first: the extra row shows that there is a next page. */
    list: (owner: string | null, limit: number, before?: Position): Promise<CampaignSummary[]> =>
      callTimeless(
        "list_campaigns",
        { owner, beforeAt: before?.at, beforeId: before?.id, limit: limit + 1 },
        summaryRow.array(),
      ),

    /** Returns the job that sends the campaign: a new job with the request's id, or the existing job. */
    acceptSend: (
      campaignId: string,
      owner: string | null,
      request: JobRequest,
      previewHash?: string,
    ): Promise<Job> =>
      call("accept_campaign_send", { campaignId, owner, request, previewHash: previewHash ?? null }, jobRow),

    pause: (campaignId: string, owner: string | null): Promise<void> =>
      call("pause_campaign", { campaignId, owner }),

    /** Returns the job that continues the paused campaign. */
    acceptResume: (campaignId: string, owner: string | null, request: JobRequest): Promise<Job> =>
      call("accept_campaign_resume", { campaignId, owner, request }, jobRow),

    /** Creates a campaign and accepts its sending in one transaction. */
    acceptNewsletter: (
      content: CampaignContent,
      listOwner: string | null,
      request: JobRequest,
    ): Promise<Job> =>
      call("accept_newsletter", { content: prepareHtml(content), listOwner, request }, jobRow),

    /** Throws `conflict` unless the campaign is a draft. */
    remove: (campaignId: string, owner: string | null): Promise<void> =>
      call("delete_campaign", { campaignId, owner }),

    /** The number of recipients that the campaign would have if it were sent now. */
    audience: (campaignId: string): Promise<number> =>
      callTimeless("count_campaign_audience", { campaignId }, z.number()),

    /** Returns at most `limit` + 1 rows, sorted by subscriber id: the extra row shows that there is a next page. */
    sends: (
      campaignId: string,
      owner: string | null,
      status: string | undefined,
      after: number,
      limit: number,
    ) =>
      callTimeless(
        "list_campaign_sends",
        { campaignId, owner, status, after, limit: limit + 1 },
        sendRow.array(),
      ),

    resolveSend: (
      campaignId: string,
      owner: string | null,
      subscriberId: number,
      status: string,
      note: string,
    ): Promise<void> =>
      callTimeless("resolve_campaign_send", { campaignId, owner, subscriberId, status, note }),
  };
};
