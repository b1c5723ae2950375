-- Statistics: what waits and runs now, and what happened in the last minutes. For an administrator's statistics of
-- waiting, running and begun jobs, indexes contain every column that is read: these jobs are far apart in the table, so
-- reading them there would be slow.

create function private.ms(p_time interval)
returns integer
language sql immutable
set search_path = ''
as $$
  select round(extract(epoch from p_time) * 1000)::integer;
$$;

-- The first minute of the statistics, which end with the minute p_last. The first minute is usually 59 minutes before
-- p_last. A busy hour is cut, so that its statistics do not take longer: at most p_most jobs of all owners were
-- accepted since the first minute, at most p_most began, at most p_most ended, and at most p_most were retried. The
-- first minute is never later than p_last.
create function private.stats_since(p_last timestamptz, p_most integer)
returns timestamptz
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  v_first timestamptz := p_last - interval '59 minutes';
begin
  -- A subquery is null when it finds at most p_most rows; greatest() ignores a null.
  return least(p_last, greatest(v_first, date_trunc('minute', greatest(
    (select created_at from public.jobs where created_at >= v_first order by created_at desc offset p_most limit 1),
    (select started_at from public.jobs where started_at >= v_first order by started_at desc offset p_most limit 1),
    (select ended_at from public.jobs where ended_at >= v_first order by ended_at desc offset p_most limit 1),
    (select at from public.job_events where at >= v_first and type in ('retrying', 'attempt')
      order by at desc offset p_most limit 1))) + interval '1 minute'));
end
$$;

-- A promise is kept by work that began in time. Work that began late, or that waits beyond its due time, breaks the
-- promise. "begunOrLate" counts the jobs that began in time, the jobs that began late, and the jobs that wait beyond
-- their due time.
create function private.stats_by_class(p_owner text, p_since timestamptz, p_now timestamptz)
returns table (
  priority integer, waiting bigint, running bigint, "oldestWaitingMs" integer, started bigint,
  "begunOrLate" bigint, "keptShare" float8, "waitMsP50" integer, "waitMsP99" integer
)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with waiting as (
    select priority, count(*), max(p_now - ready_at) as longest, count(*) filter (where due_at < p_now) as late
    from public.jobs
    where status = 'queued' and ready_at <= p_now and (p_owner is null or owner = p_owner) group by priority
  ), running as (
    select priority, count(*) from public.jobs
    where status = 'running' and (p_owner is null or owner = p_owner) group by priority
  ), started as (
    select priority, count(*), count(*) filter (where started_at <= due_at) as kept,
      percentile_disc(array[0.5, 0.99]) within group (order by started_at - ready_at) as waits
    from public.jobs where started_at >= p_since and (p_owner is null or owner = p_owner) group by priority
  )
  select class, coalesce(waiting.count, 0), coalesce(running.count, 0), private.ms(longest), coalesce(started.count, 0),
    begun_or_late, coalesce(kept, 0)::float8 / nullif(begun_or_late, 0), private.ms(waits[1]), private.ms(waits[2])
  from generate_series(1, 5) as class
  left join waiting on waiting.priority = class
  left join running on running.priority = class
  left join started on started.priority = class
  cross join lateral (select coalesce(started.count, 0) + coalesce(late, 0) as begun_or_late) as counted;
end
$$;

create function private.stats_by_minute(p_owner text, p_since timestamptz, p_last timestamptz)
returns table (at timestamptz, accepted bigint, started bigint, completed bigint, failed bigint, retried bigint)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with counted as (
    select date_trunc('minute', created_at) as minute, 'accepted' as what, count(*) as n from public.jobs
    where created_at >= p_since and (p_owner is null or owner = p_owner) group by 1
    union all
    select date_trunc('minute', started_at), 'started', count(*) from public.jobs
    where started_at >= p_since and (p_owner is null or owner = p_owner) group by 1
    union all
    select date_trunc('minute', ended_at), status, count(*) from public.jobs
    where ended_at >= p_since and (p_owner is null or owner = p_owner) group by 1, 2
    union all
    select date_trunc('minute', events.at), 'retried', count(*) from public.job_events as events
    where events.at >= p_since and events.type in ('retrying', 'attempt')
      and (p_owner is null or exists (select from public.jobs where jobs.id = events.job_id and owner = p_owner))
    group by 1
  )
  select at, coalesce(max(n) filter (where what = 'accepted'), 0), coalesce(max(n) filter (where what = 'started'), 0),
    coalesce(max(n) filter (where what = 'completed'), 0), coalesce(max(n) filter (where what = 'failed'), 0),
    coalesce(max(n) filter (where what = 'retried'), 0)
  from generate_series(p_since, p_last, interval '1 minute') as at left join counted on minute = at
  group by at;
end
$$;

-- p_owner null sees every job. {"classes": one per priority, "perMinute": since private.stats_since, the current minute
-- last, "failureRate": of the jobs that completed or failed, "retryRate": of all tries, "workersWanted"}. A rate without
-- any jobs is null.
create function public.job_stats(p_owner text, p_most integer, p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with since as materialized (
    select private.stats_since(date_trunc('minute', p_now), p_most) as since
  ), minutes as (
    select counted.* from since
    cross join lateral private.stats_by_minute(p_owner, since, date_trunc('minute', p_now)) as counted
  ), classes as (
    select counted.* from since cross join lateral private.stats_by_class(p_owner, since, p_now) as counted
  )
  select jsonb_build_object(
    'classes', (select jsonb_agg(to_jsonb(classes) order by priority) from classes),
    'perMinute', jsonb_agg(to_jsonb(minutes) order by at),
    'failureRate', sum(failed) / nullif(sum(completed) + sum(failed), 0),
    'retryRate', sum(retried) / nullif(sum(started) + sum(retried), 0),
    -- S3-13: one worker for every hundred waiting jobs.
    'workersWanted', (select ceil(sum(waiting) / 100.0) from classes))
  from minutes;
$$;

revoke execute on function private.ms, private.stats_since, private.stats_by_minute, private.stats_by_class from public, anon, authenticated;
revoke execute on function public.job_stats from public, anon, authenticated;
grant execute on function private.ms, private.stats_since, private.stats_by_minute, private.stats_by_class to service_role;
grant execute on function public.job_stats to service_role;
