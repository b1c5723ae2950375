-- What this room provides for reports, which call these two functions by their names. report_users: figures, series and the
-- first rows of a period, as JSON of numbers and texts (src/reports has the words around them). export_users: the same
-- rows, page by page. p_owner null: the rows of all owners.

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

revoke execute on function private.report_users, private.export_users from public, anon, authenticated;
grant execute on function private.report_users, private.export_users to service_role;
