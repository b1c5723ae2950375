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

-- A row of campaign_sends has no creation time, so a report contains the sends of campaigns created in its period.
select private.register_export('{"name": "sends", "from_sql": "(select send.*, campaign.name, campaign.owner, campaign.created_at, batch.provider from public.campaigns as campaign join public.campaign_sends as send on send.campaign_id = campaign.id left join public.campaign_batches as batch on batch.campaign_id = send.campaign_id and batch.batch_no = send.batch_no) as t",
  "status_sql": "t.status", "order_sql": "t.campaign_id, t.subscriber_id", "columns": [["Campaign", "t.name"], ["E-mail", "t.email"], ["Status", "t.status"],
  ["Provider", "coalesce(t.provider, '''')"], ["Message", "coalesce(t.provider_message_id, '''')"],
  ["Reported", "coalesce(t.reported, '''')"], ["Error", "coalesce(t.error_code, '''')"]]}');

-- The period of a campaign's report: from the time when the campaign was created to its end, or until now.
create function private.period_of_campaign(p_owner text, p_campaign_id uuid, p_now timestamptz)
returns tstzrange
language plpgsql stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  v_campaign := private.find_campaign(p_campaign_id, p_owner);
  if v_campaign.queued_at is null then
    perform private.refuse(409, 'conflict', 'The campaign is a draft: there is nothing to report');
  end if;
  return tstzrange(v_campaign.created_at,
    greatest(coalesce(v_campaign.ended_at, p_now), v_campaign.created_at + interval '1 millisecond'));
end
$$;

-- "unsubscribed" counts the recipients that left the list, or all broadcasts, since the campaign was queued.
create function private.figures_of_campaign(p_campaign_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  with sends as materialized (
    select status, reported, error_code from public.campaign_sends where campaign_id = p_campaign_id
  )
  select jsonb_build_object('name', name, 'subject', subject,
    'reported', (select coalesce(jsonb_object_agg(reported, count), '{}')
      from (select reported, count(*) from sends where reported is not null group by reported) as by_report),
    'reasons', (select coalesce(jsonb_agg(jsonb_build_array(error_code, count) order by count desc, error_code), '[]')
      from (select error_code, count(*) from sends where status <> 'sent' and error_code is not null
        group by error_code order by 2 desc, 1 limit 8) as by_reason),
    'unsubscribed', (select count(distinct send.subscriber_id)
      from public.suppressions as suppression
      join public.email_subscribers as subscriber on subscriber.list_id = campaign.list_id
        and lower(subscriber.email) = lower(suppression.address)
      join public.campaign_sends as send on send.campaign_id = campaign.id and send.subscriber_id = subscriber.id
        and send.status = 'sent'
      where suppression.reason = 'unsubscribed' and suppression.is_active and suppression.suppressed_at >= campaign.queued_at
        and (suppression.list_id = campaign.list_id or suppression.stream = 'broadcast')))
  from public.campaigns as campaign where id = p_campaign_id;
$$;
select private.register_export('{"name": "campaign", "from_sql": "(select send.*, campaign.owner, campaign.created_at, batch.provider from public.campaigns as campaign join public.campaign_sends as send on send.campaign_id = campaign.id left join public.campaign_batches as batch on batch.campaign_id = send.campaign_id and batch.batch_no = send.batch_no) as t",
  "item_sql": "t.campaign_id", "item_period_function": "private.period_of_campaign", "figures_function": "private.figures_of_campaign",
  "status_sql": "t.status", "order_sql": "t.campaign_id, t.subscriber_id", "columns": [["E-mail", "t.email"], ["Status", "t.status"],
  ["Reported", "coalesce(t.reported, '''')"], ["Error", "coalesce(t.error_code, '''')"], ["Provider", "coalesce(t.provider, '''')"],
  ["Message", "coalesce(t.provider_message_id, '''')"]]}');

revoke execute on function private.figures_of_campaigns, private.period_of_campaign, private.figures_of_campaign
  from public, anon, authenticated;
grant execute on function private.figures_of_campaigns, private.period_of_campaign, private.figures_of_campaign to service_role;
