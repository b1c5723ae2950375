-- The list of campaigns for exports and reports.

create function private.figures_of_campaigns(p_owner text, p_from timestamptz, p_to timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('sent', coalesce(sum(sent_count), 0), 'failed', coalesce(sum(failed_count), 0),
    'unknown', coalesce(sum(unknown_count), 0))
  from public.campaign_batches where campaign_id in (
    select id from public.campaigns
    where (p_owner is null or owner = p_owner) and created_at >= p_from and created_at < p_to);
$$;
select private.register_export('{"name": "content", "from_sql": "public.campaigns as t left join lateral (select sum(sent_count) as sent, sum(failed_count) as failed from public.campaign_batches where campaign_id = t.id) as mails on true",
  "status_sql": "t.status", "figures_function": "private.figures_of_campaigns",
  "columns": [["Campaign", "t.name"], ["Subject", "t.subject"], ["Status", "t.status"], ["Written", "t.created_at"],
  ["People", "t.recipient_count"], ["Sent", "coalesce(mails.sent, 0)"], ["Failed", "coalesce(mails.failed, 0)"]]}');

-- A send has no time of its own, so its period is that of its campaign.
select private.register_export('{"name": "sends", "from_sql": "(select send.*, campaign.name, campaign.owner, campaign.created_at, batch.provider from public.campaigns as campaign join public.campaign_sends as send on send.campaign_id = campaign.id left join public.campaign_batches as batch on batch.campaign_id = send.campaign_id and batch.batch_no = send.batch_no) as t",
  "status_sql": "t.status", "position": [["t.campaign_id", "uuid"], ["t.subscriber_id", "bigint"]], "columns": [["Campaign", "t.name"], ["E-mail", "t.email"], ["Status", "t.status"],
  ["Provider", "coalesce(t.provider, '''')"], ["Message", "coalesce(t.provider_message_id, '''')"],
  ["Reported", "coalesce(t.reported, '''')"], ["Error", "coalesce(t.error_code, '''')"]]}');

revoke execute on function private.figures_of_campaigns from public, anon, authenticated;
grant execute on function private.figures_of_campaigns to service_role;
