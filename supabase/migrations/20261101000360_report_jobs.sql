-- The ledger's data for reports, which call these two functions by their names. report_analytics: figures, series and
-- the first rows of a period, as JSON of numbers and texts (src/reports has the words around them). export_analytics:
-- the same rows, page by page. p_owner null: the rows of all owners.

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

revoke execute on function private.report_analytics, private.export_analytics from public, anon, authenticated;
grant execute on function private.report_analytics, private.export_analytics to service_role;
