-- What each room provides for reports. report_<type>: figures, series and the first rows of a period, as JSON of
-- numbers and texts (src/reports has the words around them). export_<type>: the same rows, page by page. p_owner null:
-- the rows of all owners.

create function private.export_users(
  p_owner text, p_from timestamptz, p_to timestamptz, p_after jsonb, p_limit integer
)
returns table (cursor jsonb, cells jsonb)
language sql stable
set search_path = ''
as $$
  select to_jsonb(subscriber.id), jsonb_build_array(coalesce(subscriber.fields ->> 'name', ''), subscriber.email,
    list.name, subscriber.status, subscriber.created_at)
  from public.email_subscribers as subscriber join public.email_lists as list on list.id = subscriber.list_id
  where (p_owner is null or list.owner = p_owner) and subscriber.created_at >= p_from and subscriber.created_at < p_to
    and (p_after is null or subscriber.id > (p_after #>> '{}')::bigint)
  order by subscriber.id limit p_limit;
$$;

create function private.report_users(p_owner text, p_from timestamptz, p_to timestamptz, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with people as materialized (
    select subscriber.id, subscriber.status, subscriber.created_at, subscriber.list_id
    from public.email_subscribers as subscriber join public.email_lists as list on list.id = subscriber.list_id
    where (p_owner is null or list.owner = p_owner) and subscriber.created_at >= p_from and subscriber.created_at < p_to
  )
  select jsonb_build_object(
    'rowCount', (select count(*) from people),
    'lists', (select count(distinct list_id) from people),
    'byStatus', (select coalesce(jsonb_object_agg(status, count), '{}')
      from (select status, count(*) from people group by status) as by_status),
    'perDay', (select coalesce(jsonb_agg(jsonb_build_array(day, count) order by day), '[]')
      from (select (created_at at time zone 'UTC')::date as day, count(*) from people group by 1) as per_day),
    'rows', (select coalesce(jsonb_agg(cells), '[]') from private.export_users(p_owner, p_from, p_to, null, p_limit)));
$$;

create function private.export_analytics(
  p_owner text, p_from timestamptz, p_to timestamptz, p_after jsonb, p_limit integer
)
returns table (cursor jsonb, cells jsonb)
language sql stable
set search_path = ''
as $$
  select jsonb_build_array(created_at, id), jsonb_build_array(id, kind, status, created_at, started_at, ended_at,
    coalesce(error ->> 'code', ''))
  from public.jobs
  where (p_owner is null or owner = p_owner) and created_at >= p_from and created_at < p_to
    and (p_after is null or (created_at, id) > ((p_after ->> 0)::timestamptz, (p_after ->> 1)::uuid))
  order by created_at, id limit p_limit;
$$;

create function private.report_analytics(p_owner text, p_from timestamptz, p_to timestamptz, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with work as materialized (
    select kind, status, created_at, ended_at - started_at as took
    from public.jobs
    where (p_owner is null or owner = p_owner) and created_at >= p_from and created_at < p_to
  )
  select jsonb_build_object(
    'rowCount', (select count(*) from work),
    'byStatus', (select coalesce(jsonb_object_agg(status, count), '{}')
      from (select status, count(*) from work group by status) as by_status),
    'perDay', (select coalesce(jsonb_agg(jsonb_build_array(day, count) order by day), '[]')
      from (select (created_at at time zone 'UTC')::date as day, count(*) from work group by 1) as per_day),
    'byKind', (select coalesce(jsonb_agg(jsonb_build_array(kind, count) order by count desc, kind), '[]')
      from (select kind, count(*) from work group by kind order by 2 desc, 1 limit 8) as by_kind),
    'medianSeconds', (select extract(epoch from percentile_cont(0.5) within group (order by took))
      from work where took is not null),
    'rows', (select coalesce(jsonb_agg(cells), '[]') from private.export_analytics(p_owner, p_from, p_to, null, p_limit)));
$$;

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

revoke execute on function private.report_users, private.export_users, private.report_analytics,
  private.export_analytics, private.report_content, private.export_content from public, anon, authenticated;
grant execute on function private.report_users, private.export_users, private.report_analytics,
  private.export_analytics, private.report_content, private.export_content to service_role;
