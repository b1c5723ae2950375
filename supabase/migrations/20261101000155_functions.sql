-- The recent activity of each function, from the ledger.

-- The functions whose kind has a summary, the functions with ended jobs, and the paused functions. The statement reads
-- one index entry for each function with ended jobs.
create function private.known_functions()
returns setof text
language sql stable
set search_path = ''
as $$
  with recursive ended as (
    (select function_id from public.jobs where ended_at is not null order by function_id limit 1)
    union all
    select (select jobs.function_id from public.jobs
      where ended_at is not null and jobs.function_id > ended.function_id order by jobs.function_id limit 1)
    from ended where ended.function_id is not null
  )
  select function_id from ended where function_id is not null
  union select function_id from private.work_kinds where summary is not null
  union select function_id from private.pauses;
$$;

-- Refuses the id of an unknown function, so that only known functions are paused or resumed.
create function private.require_function(p_function_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (select from private.known_functions() as known (id) where known.id = p_function_id)
    and not exists (select from public.jobs where function_id = p_function_id and ended_at is null)
  then
    perform private.refuse(404, 'not_found', 'There is no such function');
  end if;
end
$$;

-- Counts the newest 2,000 jobs of one function that ended in the last day, by hour and day; is_more_* says whether more
-- jobs ended in that time. The durations are those of the newest 1,000 completed jobs among them. The statement has
-- its own function, so that Postgres plans the statement for one p_function_id and reads only the index.
create function private.ended_lately(p_function_id text, p_now timestamptz)
returns table (
  count bigint, completed_day bigint, failed_day bigint, started_day bigint, is_more_day boolean,
  completed_hour bigint, failed_hour bigint, started_hour bigint, is_more_hour boolean, p50 integer, p95 integer
)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  c_counted constant integer := 2000;
begin
  return query
  with newest as materialized (
    select status, started_at, ended_at, row_number() over (order by ended_at desc) as n from public.jobs
    where function_id = p_function_id and ended_at > p_now - interval '1 day'
    order by ended_at desc limit c_counted + 1
  )
  select counts.*, durations.*
  from (
    select count(*),
      count(*) filter (where status = 'completed' and n <= c_counted),
      count(*) filter (where status = 'failed' and n <= c_counted),
      count(*) filter (where started_at > p_now - interval '1 day' and n <= c_counted),
      count(*) > c_counted,
      count(*) filter (where status = 'completed' and n <= c_counted and ended_at > p_now - interval '1 hour'),
      count(*) filter (where status = 'failed' and n <= c_counted and ended_at > p_now - interval '1 hour'),
      count(*) filter (where started_at > p_now - interval '1 hour' and n <= c_counted),
      count(*) filter (where ended_at > p_now - interval '1 hour') > c_counted
    from newest) as counts
  cross join (
    select private.ms(percentile_disc(0.5) within group (order by took)),
      private.ms(percentile_disc(0.95) within group (order by took))
    from (
      select ended_at - started_at as took from newest
      where status = 'completed' and started_at is not null and n <= c_counted
      order by n limit 1000) as completed) as durations;
end
$$;

-- The activity of one function, or of all functions; see private.ended_lately. "Started" counts the jobs that began in
-- that time and are running or have ended.
create function private.function_activity(p_function_id text, p_now timestamptz)
returns table (
  "function" text, kind text, summary text, paused jsonb, waiting bigint, running bigint,
  "lastHour" jsonb, "lastDay" jsonb, "p50Ms" integer, "p95Ms" integer
)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  with unfinished as materialized (
    select jobs.function_id,
      count(*) filter (where status = 'queued' and ready_at <= p_now) as waiting,
      count(*) filter (where status = 'running') as running,
      count(*) filter (where started_at > p_now - interval '1 hour') as hour,
      count(*) filter (where started_at > p_now - interval '1 day') as day
    from public.jobs
    where ended_at is null and (p_function_id is null or jobs.function_id = p_function_id)
    group by jobs.function_id
  ), functions as (
    select known.id as function_id from private.known_functions() as known (id)
    where p_function_id is null or known.id = p_function_id
    union select unfinished.function_id from unfinished
  )
  select functions.function_id, (private.work_kind(functions.function_id)).kind,
    (private.work_kind(functions.function_id)).summary,
    case when pauses.function_id is not null then jsonb_build_object('at', paused_at, 'by', paused_by) end,
    coalesce(unfinished.waiting, 0), coalesce(unfinished.running, 0),
    private.activity(started_hour + coalesce(unfinished.hour, 0), completed_hour, failed_hour, is_more_hour),
    private.activity(started_day + coalesce(unfinished.day, 0), completed_day, failed_day, is_more_day),
    ended.p50, ended.p95
  from functions
  left join unfinished using (function_id)
  left join private.pauses using (function_id)
  cross join lateral private.ended_lately(functions.function_id, p_now) as ended
  order by unfinished.function_id is null and ended.count = 0, functions.function_id;
end
$$;

-- {started, completed, failed, isMore, failureRate: of the jobs that completed or failed, null without any}
create function private.activity(p_started bigint, p_completed bigint, p_failed bigint, p_is_more boolean)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('started', p_started, 'completed', p_completed, 'failed', p_failed, 'isMore', p_is_more,
    'failureRate', p_failed::float8 / nullif(p_completed + p_failed, 0));
$$;

-- All functions, sorted by name, functions with work first.
create function public.list_functions(p_now timestamptz)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(activity) from private.function_activity(null, p_now) as activity;
$$;

-- One function, with the counts of the jobs that ended in each of the last 24 hours (the current hour last). Null:
-- there is no such function. For each hour, at most the newest 10,000 jobs are counted; isMore says whether there were
-- more.
create function public.get_function(p_function_id text, p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(activity) || jsonb_build_object('perHour', (
    select jsonb_agg(jsonb_build_object('at', hour, 'completed', completed, 'failed', failed, 'isMore', ended.count > 10000)
      order by hour)
    from generate_series(date_trunc('hour', p_now, 'UTC') - interval '23 hours', p_now, interval '1 hour') as hour
    cross join lateral (
      select count(*), count(*) filter (where status = 'completed' and n <= 10000) as completed,
        count(*) filter (where status = 'failed' and n <= 10000) as failed
      from (
        select status, row_number() over (order by ended_at desc) as n from public.jobs
        where function_id = p_function_id and ended_at >= hour and ended_at < hour + interval '1 hour'
        order by ended_at desc limit 10001) as newest) as ended))
  from private.function_activity(p_function_id, p_now) as activity;
$$;

-- The functions that are registered for each of these events: {event: [function ids]}.
create function public.functions_of_events(p_events text[])
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(event_name, ids), '{}') from (
    select event_name, jsonb_agg(function_id order by function_id) as ids from private.work_kinds
    where event_name = any (p_events) group by event_name) as events;
$$;

revoke execute on function private.known_functions, private.require_function, private.ended_lately, private.function_activity, private.activity, public.list_functions, public.get_function,
  public.functions_of_events from public, anon, authenticated;
grant execute on function private.known_functions, private.require_function, private.ended_lately, private.function_activity, private.activity, public.list_functions, public.get_function,
  public.functions_of_events to service_role;
