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
  "status_sql": "t.status", "id_type": "uuid", "figures_function": "private.figures_of_campaigns",
  "columns": [["Campaign", "t.name"], ["Subject", "t.subject"], ["Status", "t.status"], ["Written", "t.created_at"],
  ["People", "t.recipient_count"], ["Sent", "coalesce(mails.sent, 0)"], ["Failed", "coalesce(mails.failed, 0)"]]}');

revoke execute on function private.figures_of_campaigns from public, anon, authenticated;
grant execute on function private.figures_of_campaigns to service_role;
