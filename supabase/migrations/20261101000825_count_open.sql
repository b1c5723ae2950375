-- What is open, for the navigation: {deadLetters, alerts, imports, campaigns}, each counted up to 1,000. Dead letters and
-- alerts are for administrators (p_owner null); imports and campaigns are the running jobs of the kinds that are
-- registered with this name (counted_as).
create function public.count_open(p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'deadLetters', (select count(*) from (
      select from public.dead_letter_queue where p_owner is null and status = 'failed' limit 1000) as counted),
    'alerts', (select count(*) from (
      select from public.alerts where p_owner is null and status = 'open' limit 1000) as counted))
    || jsonb_object_agg(counted_as, count)
  from (
    select kinds.counted_as, least(count(jobs.id), 1000) as count
    from private.work_kinds as kinds
    left join public.jobs on jobs.function_id = kinds.function_id and jobs.status = 'running'
      and (p_owner is null or jobs.owner = p_owner)
    where kinds.counted_as is not null
    group by kinds.counted_as) as running;
$$;
revoke execute on function public.count_open from public, anon, authenticated;
grant execute on function public.count_open to service_role;
