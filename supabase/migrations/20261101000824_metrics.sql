-- Metrics for Prometheus: current numbers, and numbers of the last five minutes, read from indexes alone, so that they
-- cost the same at any number of jobs. Each count stops at 100,000. There are no totals since the installation, because
-- the ledger deletes old jobs.

create function private.waiting_by_class()
returns table (class text, waiting bigint, oldest_at timestamptz)
language sql stable
set search_path = ''
as $$
  select 'P' || class, (
      select count(*) from (select from public.jobs where status = 'queued' and priority = class limit 100000) as counted),
    (select min(ready_at) from public.jobs where status = 'queued' and priority = class)
  from generate_series(1, 5) as class;
$$;

-- How many jobs began in the last five minutes, and how many of them began after they were due. P5 has no promise, so
-- its jobs are never late.
create function private.started_by_class(p_now timestamptz)
returns table (class text, started bigint, late bigint)
language sql stable
set search_path = ''
as $$
  with begun as materialized (
    select priority, count(*) as started, count(*) filter (where started_at > due_at and priority <= 4) as late
    from (select priority, started_at, due_at from public.jobs
      where started_at > p_now - interval '5 minutes' order by started_at desc limit 100000) as newest
    group by priority
  )
  select 'P' || class, coalesce(started, 0), coalesce(late, 0)
  from generate_series(1, 5) as class left join begun on priority = class;
$$;

-- The first 25 kinds of work that have ended jobs. The statement reads one index entry for each kind.
create function private.kinds_that_ended()
returns setof text
language sql stable
set search_path = ''
as $$
  with recursive kinds (kind, n) as (
    select (select min(kind) from public.jobs where ended_at is not null), 1
    union all
    select (select min(jobs.kind) from public.jobs where jobs.ended_at is not null and jobs.kind > kinds.kind), n + 1
    from kinds where kinds.kind is not null and n < 25
  )
  select kind from kinds where kind is not null;
$$;

-- {"nightshift_jobs_waiting": [{"labels": {"class": "P1"}, "value": 3}]}
create function public.read_metrics(p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with samples (name, labels, value) as (
    select what, jsonb_build_object('class', class), value
    from private.waiting_by_class() cross join lateral (values ('jobs_waiting', waiting::float8),
      ('oldest_waiting_seconds', coalesce(greatest(private.seconds(p_now - oldest_at), 0), 0))) as numbers (what, value)
    union all
    select 'jobs_running', '{}', count(*) from (
      select from public.jobs where status = 'running' limit 100000) as counted
    union all
    select 'jobs_ended_last_five_minutes', jsonb_build_object('kind', kind, 'status', status), (select count(*) from (
      select from public.jobs where ended_at is not null and jobs.kind = kinds.kind and jobs.status = statuses.status
        and ended_at > p_now - interval '5 minutes' limit 100000) as counted)
    from private.kinds_that_ended() as kinds (kind)
    cross join unnest(array['completed', 'failed', 'canceled', 'skipped']) as statuses (status)
    union all
    select what, jsonb_build_object('class', class), value
    from private.started_by_class(p_now) cross join lateral (values ('jobs_started_last_five_minutes', started),
      ('jobs_late_last_five_minutes', late)) as numbers (what, value)
    union all
    select 'retries_last_five_minutes', '{}', count(*) from (select from public.job_events
      where type in ('retrying', 'attempt') and at > p_now - interval '5 minutes' limit 100000) as counted
    union all
    select 'dead_letters_open', '{}', count(*) from (select from public.dead_letter_queue
      where status = 'failed' limit 100000) as counted
    union all
    select 'dead_letters_last_five_minutes', '{}', count(*) from (select from public.dead_letter_queue
      where failed_at > p_now - interval '5 minutes' limit 100000) as counted
    union all
    select 'outbox_jobs', '{}', count(*) from (select from public.jobs
      where sent_at is null and status = 'queued' and released_at < 'infinity' limit 100000) as counted
    union all
    select 'webhook_endpoints', jsonb_build_object('status', statuses.status), count(endpoints.id)
    from unnest(array['enabled', 'disabled']) as statuses (status)
    left join public.webhook_endpoints as endpoints on endpoints.status = statuses.status group by statuses.status
    union all
    select 'alerts', jsonb_build_object('rule', rules.rule, 'severity', rules.severity), count(alerts.id)
    from private.alert_rules as rules
    left join public.alerts on alerts.rule = rules.rule and alerts.status <> 'resolved'
    group by rules.rule, rules.severity
    union all
    select 'monitor_last_look_seconds', '{}', private.seconds(p_now - looked_at)
    from private.monitor where looked_at is not null
    union all
    select 'canary_ok', '{}', (jobs.status = 'completed')::integer
    from private.monitor join public.jobs on jobs.id = monitor.canary_job_id
  ), families as (
    select 'nightshift_' || name as name,
      jsonb_agg(jsonb_build_object('labels', labels, 'value', value) order by labels) as samples
    from samples group by name
  )
  select jsonb_object_agg(name, samples) from families;
$$;

-- S2-20: {"pending", "failed", "workers"}.
create function public.queue_stats(p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'pending', (select sum(value)::bigint from private.read_queue(p_now) where rule = 'queue-depth'),
    'failed', (select count(*) from (
      select from public.dead_letter_queue where status = 'failed' limit 100000) as counted),
    'workers', (select count(*) from (select from public.jobs where status = 'running' limit 100000) as counted));
$$;

revoke execute on function private.waiting_by_class, private.started_by_class, private.kinds_that_ended from public, anon, authenticated;
grant execute on function private.waiting_by_class, private.started_by_class, private.kinds_that_ended to service_role;
revoke execute on function public.read_metrics, public.queue_stats from public, anon, authenticated;
grant execute on function public.read_metrics, public.queue_stats to service_role;
