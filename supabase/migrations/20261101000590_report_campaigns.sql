-- What this room provides for reports, which call these two functions by their names. report_content: figures, series and the
-- first rows of a period, as JSON of numbers and texts (src/reports has the words around them). export_content: the same
-- rows, page by page. p_owner null: the rows of all owners.

create function private.export_content(
  p_owner text, p_from timestamptz, p_to timestamptz, p_after jsonb, p_limit integer
)
returns table (cursor jsonb, cells jsonb)
language sql stable
set search_path = ''
as $$
  select jsonb_build_array(campaign.created_at, campaign.id), jsonb_build_array(campaign.name, campaign.subject,
    campaign.status, campaign.created_at, campaign.recipient_count, coalesce(sum(batch.sent_count), 0),
    coalesce(sum(batch.failed_count), 0))
  from public.campaigns as campaign left join public.campaign_batches as batch on batch.campaign_id = campaign.id
  where (p_owner is null or campaign.owner = p_owner)
    and campaign.created_at >= p_from and campaign.created_at < p_to
    and (p_after is null or (campaign.created_at, campaign.id) > ((p_after ->> 0)::timestamptz, (p_after ->> 1)::uuid))
  group by campaign.id order by campaign.created_at, campaign.id limit p_limit;
$$;

create function private.report_content(p_owner text, p_from timestamptz, p_to timestamptz, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with written as materialized (
    select id, status, created_at, recipient_count from public.campaigns
    where (p_owner is null or owner = p_owner) and created_at >= p_from and created_at < p_to
  ), mails as materialized (
    select coalesce(sum(sent_count), 0) as sent, coalesce(sum(failed_count), 0) as failed,
      coalesce(sum(unknown_count), 0) as unknown
    from public.campaign_batches where campaign_id in (select id from written)
  )
  select jsonb_build_object(
    'rowCount', (select count(*) from written),
    'sent', (select sent from mails), 'failed', (select failed from mails), 'unknown', (select unknown from mails),
    'byStatus', (select coalesce(jsonb_object_agg(status, count), '{}')
      from (select status, count(*) from written group by status) as by_status),
    'perDay', (select coalesce(jsonb_agg(jsonb_build_array(day, count) order by day), '[]')
      from (select (created_at at time zone 'UTC')::date as day, count(*) from written group by 1) as per_day),
    'rows', (select coalesce(jsonb_agg(cells), '[]') from private.export_content(p_owner, p_from, p_to, null, p_limit)));
$$;

revoke execute on function private.report_content, private.export_content from public, anon, authenticated;
grant execute on function private.report_content, private.export_content to service_role;
