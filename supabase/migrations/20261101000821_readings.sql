-- A reading is one number that the monitor watches. It belongs to a rule and to a subject (a class, a kind of work, or
-- empty for the whole installation). Each function here reads one source once, and at most the last hour of it.

-- The state of the monitor between its runs, as one row.
create table private.monitor (
  id boolean primary key default true,
  -- When the monitor last ran.
  looked_at timestamptz,
  canary_job_id uuid,
  canary_sent_at timestamptz,
  constraint monitor_is_one_row check (id)
);
insert into private.monitor default values;

alter table private.monitor enable row level security;
grant select, update on private.monitor to service_role;

create index jobs_waiting_by_class on public.jobs (priority, ready_at) include (function_id) where status = 'queued';

create type private.reading as (rule text, subject text, value double precision);

create function private.seconds(p_time interval)
returns double precision
language sql immutable
set search_path = ''
as $$
  select extract(epoch from p_time)::float8;
$$;

-- Counts at most 100,000 jobs of each class.
create function private.read_queue(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  with classes as materialized (
    select class, waiting.count, oldest.ready_at
    from generate_series(1, 5) as class
    cross join lateral (
      select count(*) from (select from private.waiting_jobs
        where priority = class and ready_at <= p_now limit 100000) as counted) as waiting
    cross join lateral (
      select min(ready_at) as ready_at from private.waiting_jobs where priority = class and ready_at <= p_now) as oldest
  )
  select rule, '', sum(count)::float8
  from classes cross join unnest(array['queue-depth', 'queue-depth-critical']) as rule group by rule
  union all
  select 'oldest-waiting', 'P' || class, private.seconds(p_now - ready_at) from classes where ready_at is not null;
$$;

-- Reads the jobs that ended in the last hour. A rate needs three failures, because one failure of two jobs says
-- nothing. The processing time is the 95th percentile of a kind, if at least five of its jobs ended. Work in parts is
-- left out, because its time depends on its size.
create function private.read_ends(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  with ended as materialized (
    select kind, status, started_at, ended_at, progress_total from public.jobs
    where ended_at > p_now - interval '1 hour' and ended_at <= p_now
  )
  select 'failure-rate', '', count(*) filter (where status = 'failed')::float8 / count(*)
  from ended where status in ('completed', 'failed')
  having count(*) filter (where status = 'failed') >= 3
  union all
  select 'processing-time', kind,
    percentile_disc(0.95) within group (order by private.seconds(ended_at - started_at))
  from ended where status in ('completed', 'failed') and started_at is not null and progress_total is null
  group by kind having count(*) >= 5
  union all
  -- Throughput is meaningful only while work waits.
  select 'throughput', '', (select count(*) from ended)::float8
  where 10 <= (select count(*) from (
    select from private.waiting_jobs where ready_at <= p_now - interval '5 minutes' limit 10) as waiting);
$$;

-- The share of retries among all tries of the last hour. The share is read when there were at least five retries.
create function private.read_retries(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'retry-rate', '', retries.count::float8 / (retries.count + started.count)
  from (select count(*) from public.job_events
    where type in ('retrying', 'attempt') and at > p_now - interval '1 hour') as retries,
    (select count(*) from public.jobs where started_at > p_now - interval '1 hour') as started
  where retries.count >= 5;
$$;

-- How the promises of P1 to P4 were kept. Late work began after it was due, or is due and still waits. 99 % of the work
-- should begin in time, so a burn rate of 1 uses up exactly what is allowed; 14.4 uses up a month's allowance in two
-- days. Both the last hour and the last five minutes must have this burn rate: the hour shows that the delay matters,
-- the five minutes show that it continues. With fewer than 50 jobs in the hour a rate is not meaningful, so late jobs
-- are counted instead.
create function private.read_promises(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  with begun as (
    select priority, started_at as at, started_at > due_at as is_late from public.jobs
    where started_at > p_now - interval '1 hour' and priority <= 4
    union all
    (select priority, p_now, true from private.waiting_jobs where due_at < p_now and priority <= 4 limit 100000)
  ), classes as (
    select 'P' || priority as class, count(*) as total, count(*) filter (where is_late) as late,
      count(*) filter (where at > p_now - interval '5 minutes') as recent_total,
      count(*) filter (where is_late and at > p_now - interval '5 minutes') as recent_late
    from begun group by priority
  )
  select 'promise-burn', class,
    least(late::float8 / total, recent_late::float8 / nullif(recent_total, 0)) / 0.01
  from classes where total >= 50 and recent_late > 0
  union all
  select 'promise-late', class, late::float8 from classes where total < 50 and recent_late > 0;
$$;

create function private.read_letters(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'dead-letters', '', count(*)::float8 from public.dead_letter_queue
  where status = 'failed' and failed_at > p_now - interval '1 hour' and failed_at <= p_now;
$$;

create function private.read_outbox(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'outbox-lag', '', private.seconds(p_now - min(released_at)) from public.jobs
  where sent_at is null and status = 'queued' and released_at <= p_now
  having min(released_at) is not null;
$$;

-- How long ago the missed slot of each schedule was due. A slot is missed when it has no row, although it was due before
-- housekeeping last ran (p_last, the time of the monitor's last run). So downtime of housekeeping does not count as a
-- missed slot. p_slots has the declared times, [{"name", "cron", "timeZone", "at": the newest slot}]. A schedule whose row
-- has other times is left out: an operator changed the times, or housekeeping has not used the new declaration yet.
create function private.read_schedules(p_slots jsonb, p_last timestamptz, p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'missed-ticks', name, private.seconds(p_now - due.at)
  from jsonb_to_recordset(p_slots) as due (name text, cron text, "timeZone" text, at timestamptz)
  join public.schedules using (name)
  where schedules.checked_until < due.at and due.at <= p_last
    and schedules.cron = due.cron and schedules.time_zone = due."timeZone";
$$;

-- How long each maintenance task has been due: since a schedule asked for it, or since it should have run again. A task
-- that was not due when the monitor last ran (p_last) is left out, so that downtime of housekeeping does not count.
create function private.read_tasks(p_last timestamptz, p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'late-tasks', name, private.seconds(p_now - due.at)
  from private.maintenance_tasks as task cross join lateral private.next_run_of_task(task) as due (at)
  where due.at <= p_last;
$$;

create function private.read_endpoints(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'disabled-endpoints', '', count(*)::float8 from public.webhook_endpoints
  where disabled_reason in ('gone', 'failing') and disabled_at > p_now - interval '1 day';
$$;

-- How many campaigns were stopped in the last day because receiving servers refuse our domain.
create function private.read_campaigns(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'refused-campaigns', '', count(*)::float8 from public.campaigns where stopped_at > p_now - interval '1 day';
$$;

-- How long ago the newest canary was sent, if it was not completed.
create function private.read_canary(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'canary', '', private.seconds(p_now - monitor.canary_sent_at)
  from private.monitor join public.jobs on jobs.id = monitor.canary_job_id
  where jobs.status <> 'completed';
$$;

-- How long each function has been paused.
create function private.read_pauses(p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select 'paused-work', function_id, private.seconds(p_now - paused_at) from private.pauses;
$$;

create function private.read_all(p_slots jsonb, p_last timestamptz, p_now timestamptz)
returns setof private.reading
language sql stable
set search_path = ''
as $$
  select * from private.read_queue(p_now)
  union all select * from private.read_ends(p_now)
  union all select * from private.read_retries(p_now)
  union all select * from private.read_promises(p_now)
  union all select * from private.read_letters(p_now)
  union all select * from private.read_outbox(p_now)
  union all select * from private.read_schedules(p_slots, p_last, p_now)
  union all select * from private.read_tasks(p_last, p_now)
  union all select * from private.read_endpoints(p_now)
  union all select * from private.read_campaigns(p_now)
  union all select * from private.read_canary(p_now)
  union all select * from private.read_pauses(p_now);
$$;

revoke execute on function private.seconds, private.read_queue, private.read_ends, private.read_retries,
  private.read_promises, private.read_letters, private.read_outbox, private.read_schedules, private.read_tasks,
  private.read_endpoints, private.read_campaigns, private.read_canary, private.read_pauses, private.read_all
  from public, anon, authenticated;
grant execute on function private.seconds, private.read_queue, private.read_ends, private.read_retries,
  private.read_promises, private.read_letters, private.read_outbox, private.read_schedules, private.read_tasks,
  private.read_endpoints, private.read_campaigns, private.read_canary, private.read_pauses, private.read_all
  to service_role;
