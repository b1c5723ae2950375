-- Statistics: what waits and runs now, and the last sixty minutes. Waiting jobs, running jobs, and the jobs that were
-- accepted, begun, retried or ended in that time are each read once, by an index.

create function private.ms(p_time interval)
returns integer
language sql immutable
set search_path = ''
as $$
  select round(extract(epoch from p_time) * 1000)::integer;
$$;

-- A promise is kept by work that began in time. Work that began late, or that waits beyond its due time, breaks the
-- promise.
create function private.stats_by_class(p_owner text, p_since timestamptz, p_now timestamptz)
returns table (
  priority integer, waiting bigint, running bigint, "oldestWaitingMs" integer, started bigint, "keptShare" float8,
  "waitMsP50" integer, "waitMsP99" integer
)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with waits as (
    select priority, due_at, p_now - ready_at as waited, 'waiting' as what from public.jobs
    where status = 'queued' and ready_at <= p_now and (p_owner is null or owner = p_owner)
    union all
    select priority, null, null, 'running' from public.jobs
    where status = 'running' and (p_owner is null or owner = p_owner)
    union all
    select priority, due_at - started_at + p_now, started_at - ready_at, 'started' from public.jobs
    where started_at >= p_since and (p_owner is null or owner = p_owner)
  )
  select class, count(*) filter (where what = 'waiting'), count(*) filter (where what = 'running'),
    private.ms(max(waited) filter (where what = 'waiting')), count(*) filter (where what = 'started'),
    (count(*) filter (where what = 'started' and due_at >= p_now))::float8
      / nullif(count(*) filter (where what = 'started' or due_at < p_now), 0),
    private.ms(percentile_disc(0.5) within group (order by waited) filter (where what = 'started')),
    private.ms(percentile_disc(0.99) within group (order by waited) filter (where what = 'started'))
  from generate_series(1, 5) as class left join waits on priority = class
  group by class;
end
$$;

create function private.stats_by_minute(p_owner text, p_last timestamptz)
returns table (at timestamptz, accepted bigint, started bigint, completed bigint, failed bigint, retried bigint)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
  return query
  with happened as (
    select created_at as at, 'accepted' as what from public.jobs
    where created_at >= p_last - interval '59 minutes' and (p_owner is null or owner = p_owner)
    union all
    select started_at, 'started' from public.jobs
    where started_at >= p_last - interval '59 minutes' and (p_owner is null or owner = p_owner)
    union all
    select ended_at, status from public.jobs
    where ended_at >= p_last - interval '59 minutes' and (p_owner is null or owner = p_owner)
    union all
    select events.at, 'retried' from public.job_events as events join public.jobs on jobs.id = events.job_id
    where events.at >= p_last - interval '59 minutes' and events.type in ('retrying', 'attempt')
      and (p_owner is null or owner = p_owner)
  )
  select minute, count(*) filter (where what = 'accepted'), count(*) filter (where what = 'started'),
    count(*) filter (where what = 'completed'), count(*) filter (where what = 'failed'),
    count(*) filter (where what = 'retried')
  from generate_series(p_last - interval '59 minutes', p_last, interval '1 minute') as minute
  left join happened on date_trunc('minute', happened.at) = minute
  group by minute;
end
$$;

-- p_owner null sees every job. {"classes": one per priority, "perMinute": the current minute last, "failureRate": of
-- the jobs that completed or failed, "retryRate": of all tries, "workersWanted"}. A rate without any jobs is null.
create function public.job_stats(p_owner text, p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with minutes as (
    select * from private.stats_by_minute(p_owner, date_trunc('minute', p_now))
  ), classes as (
    select * from private.stats_by_class(p_owner, date_trunc('minute', p_now) - interval '59 minutes', p_now)
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

revoke execute on function private.ms, private.stats_by_minute, private.stats_by_class from public, anon, authenticated;
revoke execute on function public.job_stats from public, anon, authenticated;
grant execute on function private.ms, private.stats_by_minute, private.stats_by_class to service_role;
grant execute on function public.job_stats to service_role;
