import { z } from "zod";
import type { CampaignChanges, CampaignContent } from "#campaigns/content.ts";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";

const count = z.number();
/** A campaign as the API shows it. */
export const campaignView = z.object({
  id: z.uuid(),
  name: z.string(),
  listId: z.uuid(),
  status: z.enum(["draft", "queued", "sending", "completed", "canceled", "failed"]),
  note: z.string().nullable(),
  jobId: z.uuid().nullable(),
  subject: z.string(),
  html: z.string().nullable(),
  text: z.string().nullable(),
  from: z.string(),
  replyTo: z.string().nullable(),
  missingField: z.enum(["fail", "empty"]),
  counts: z.object({
    recipients: count,
    pending: count,
    sending: count,
    sent: count,
    failed: count,
    skipped: count,
    unknown: count,
  }),
  recipientsPerSecond: z.number().nullable(),
  createdAt: z.string(),
  queuedAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
z.globalRegistry.add(campaignView, { id: "Campaign" });
export type CampaignView = z.output<typeof campaignView>;

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
  provider_message_id: z.string().nullable(),
  error_code: z.string().nullable(),
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

/** Who asks for a campaign to be sent, and under which job. */
export type SendRequest = {
  jobId: string;
  owner: string;
  requester: string;
  idempotencyKey: string | undefined;
  limits: { perSecond: number; waiting: number };
};

/** What of a job's row its sending needs; without `sent_at` it is still in the outbox. */
const acceptedJob = z.object({
  id: z.uuid(),
  event_name: z.string(),
  event_data: z.json(),
  sent_at: z.string().nullable(),
  status: z.enum(["queued", "running", "completed", "failed", "canceled", "skipped"]),
});
export type AcceptedJob = z.output<typeof acceptedJob>;

export type CampaignDesk = ReturnType<typeof campaignDesk>;

/** What people do with campaigns. `owner: null` is an admin; with an owner, other people's do not exist. */
export const campaignDesk = (db: DatabaseClient, clock: Clock) => {
  const now = () => clock.now().toISOString();
  const acceptance = ({ jobId, owner, requester, idempotencyKey, limits }: SendRequest) => ({
    p_job_id: jobId,
    p_job_owner: owner,
    p_requester: requester,
    p_idempotency_key: idempotencyKey ?? null,
    p_limits: limits,
    p_now: now(),
  });
  return {
    async create(owner: string, listOwner: string | null, content: CampaignContent): Promise<string> {
      const id = await unwrap(
        db.rpc("create_campaign", {
          p_owner: owner,
          p_list_owner: listOwner,
          p_content: content,
          p_now: now(),
        }),
      );
      return z.uuid().parse(id);
    },

    async update(campaignId: string, owner: string | null, changes: CampaignChanges): Promise<void> {
      await unwrap(
        db.rpc("update_campaign", { p_campaign_id: campaignId, p_owner: owner, p_content: changes }),
      );
    },

    async get(campaignId: string, owner: string | null): Promise<CampaignView> {
      const data = await unwrap(
        db.rpc("get_campaign", { p_campaign_id: campaignId, p_owner: owner, p_now: now() }),
      );
      return campaignView.parse(data);
    },

    /** One row more than `limit`, when there is one; newest first. */
    async list(
      owner: string | null,
      limit: number,
      before?: { at: string; id: string },
    ): Promise<CampaignSummary[]> {
      const rows = await unwrap(
        db.rpc("list_campaigns", {
          p_owner: owner,
          p_before_at: before?.at ?? null,
          p_before_id: before?.id ?? null,
          p_limit: limit + 1,
        }),
      );
      return summaryRow.array().parse(rows);
    },

    /** The job that sends the campaign: a new one (its id is `request.jobId`), or the one that does already. */
    async acceptSend(campaignId: string, owner: string | null, request: SendRequest): Promise<AcceptedJob> {
      const row = await unwrap(
        db.rpc("accept_campaign_send", { p_campaign_id: campaignId, p_owner: owner, ...acceptance(request) }),
      );
      return acceptedJob.parse(row);
    },

    /** A campaign written and sent in one transaction. */
    async acceptNewsletter(
      content: CampaignContent,
      listOwner: string | null,
      request: SendRequest,
    ): Promise<AcceptedJob> {
      const row = await unwrap(
        db.rpc("accept_newsletter", { p_content: content, p_list_owner: listOwner, ...acceptance(request) }),
      );
      return acceptedJob.parse(row);
    },

    /** How many people the campaign would reach now. */
    async audience(campaignId: string): Promise<number> {
      return z.number().parse(await unwrap(db.rpc("count_campaign_audience", { p_campaign_id: campaignId })));
    },

    /** One row more than `limit`, when there is one; in the order of subscriber ids. */
    async sends(
      campaignId: string,
      owner: string | null,
      status: string | undefined,
      after: number,
      limit: number,
    ) {
      const rows = await unwrap(
        db.rpc("list_campaign_sends", {
          p_campaign_id: campaignId,
          p_owner: owner,
          p_status: status ?? null,
          p_after: after,
          p_limit: limit + 1,
        }),
      );
      return sendRow.array().parse(rows);
    },

    async resolveSend(
      campaignId: string,
      owner: string | null,
      subscriberId: number,
      status: string,
      note: string,
    ) {
      await unwrap(
        db.rpc("resolve_campaign_send", {
          p_campaign_id: campaignId,
          p_owner: owner,
          p_subscriber_id: subscriberId,
          p_status: status,
          p_note: note,
        }),
      );
    },
  };
};
