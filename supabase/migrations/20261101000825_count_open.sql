-- What is open, for the navigation: {deadLetters, alerts, imports, campaigns}, each counted up to 1,000. Dead letters and
-- alerts are for administrators (p_owner null); imports and campaigns are those under way.
create function public.count_open(p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'deadLetters', (select count(*) from (
      select from public.dead_letter_queue where p_owner is null and status = 'failed' limit 1000) as counted),
    'alerts', (select count(*) from (
      select from public.alerts where p_owner is null and status = 'open' limit 1000) as counted),
    'imports', coalesce(sum(count) filter (where function_id = 'process-import'), 0),
    'campaigns', coalesce(sum(count) filter (where function_id = 'send-email-campaign'), 0))
  from (
    select function_id, least(count(*), 1000) as count from public.jobs
    where status = 'running' and function_id in ('process-import', 'send-email-campaign')
      and (p_owner is null or owner = p_owner)
    group by function_id) as running;
$$;
revoke execute on function public.count_open from public, anon, authenticated;
grant execute on function public.count_open to service_role;
