-- While a new way to do some work is rolled out, a flag decides for each accepted request whether its work takes the
-- old way or the new way. Each environment has its own flags. Without a row, all work takes the new way.

create table public.flags (
  name text not null,
  environment text not null,
  -- While this is false, all work takes the old way.
  is_on boolean not null,
  -- The share of keys (owners) that take the new way, in percent.
  percentage integer not null,
  -- The keys (owners) that take the new way at any percentage.
  allowed text[] not null,
  updated_at timestamptz not null,
  constraint flags_are_once_per_environment primary key (name, environment),
  constraint flags_percentage_is_valid check (percentage between 0 and 100),
  constraint flags_allow_a_limited_number check (cardinality(allowed) <= 1000)
);

-- A decision is the way that one subject (a campaign) takes. A decision is made once, and kept when the flag changes
-- later.
create table public.flag_decisions (
  flag text not null,
  environment text not null,
  subject text not null,
  -- The key for which the flag decided.
  key text not null,
  way text not null,
  reason text not null,
  job_id uuid not null,
  decided_at timestamptz not null,
  constraint flag_decisions_are_once_per_subject primary key (flag, environment, subject),
  constraint flag_decisions_way_is_valid check (way in ('queue', 'sync'))
);
create index flag_decisions_oldest_first on public.flag_decisions (decided_at);

alter table public.flags enable row level security;
alter table public.flag_decisions enable row level security;
revoke all on public.flags, public.flag_decisions from anon, authenticated;
grant select, insert, update, delete on public.flags, public.flag_decisions to service_role;

-- Returns null when there is no such flag in this environment.
create function public.get_flag(p_name text, p_environment text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select to_jsonb(flags) from public.flags where name = p_name and environment = p_environment;
$$;

create function public.list_flags(p_environment text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(flag) order by name), '[]') from (
    select * from public.flags where environment = p_environment order by name limit 100) as flag;
$$;

-- Makes or changes a flag. Null arguments change nothing. A new flag is on, for 10 % (S4-66).
create function public.set_flag(
  p_name text, p_environment text, p_is_on boolean, p_percentage integer, p_allowed text[], p_now timestamptz
)
returns jsonb
language sql
set search_path = ''
as $$
  insert into public.flags as flag (name, environment, is_on, percentage, allowed, updated_at)
  values (p_name, p_environment, coalesce(p_is_on, true), coalesce(p_percentage, 10), coalesce(p_allowed, '{}'), p_now)
  on conflict (name, environment) do update set
    is_on = coalesce(p_is_on, flag.is_on),
    percentage = coalesce(p_percentage, flag.percentage),
    allowed = coalesce(p_allowed, flag.allowed),
    updated_at = p_now
  returning to_jsonb(flag);
$$;

create function public.delete_flag(p_name text, p_environment text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  delete from public.flags where name = p_name and environment = p_environment;
  return found;
end
$$;

-- Decides on a subject once; a repeated call returns the first decision. The work of a paused function waits in the
-- queue. Returns {"way", "isNew"}.
create function public.decide_way(
  p_flag text, p_environment text, p_subject text, p_key text, p_way text, p_reason text, p_job_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  if p_way = 'sync' and private.is_paused((select function_id from public.jobs where id = p_job_id)) then
    p_way := 'queue';
    p_reason := 'paused';
  end if;
  insert into public.flag_decisions (flag, environment, subject, key, way, reason, job_id, decided_at)
  values (p_flag, p_environment, p_subject, p_key, p_way, p_reason, p_job_id, p_now)
  on conflict do nothing;
  return jsonb_build_object('isNew', found, 'way', (
    select way from public.flag_decisions
    where flag = p_flag and environment = p_environment and subject = p_subject));
end
$$;

-- Compares the results of both ways since p_since, from the ledger: {"queue": {"decided", "ended", "failed",
-- "handedOver", "p50Ms", "p95Ms"}, "sync": …}. "handedOver" counts the jobs that a request began and the queue
-- finished.
create function public.compare_ways(p_flag text, p_environment text, p_since timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with decided as (
    select way, status, ended_at, way = 'sync' and released_at is not null as is_handed_over,
      1000 * extract(epoch from ended_at - created_at) as ms
    from public.flag_decisions left join public.jobs on jobs.id = job_id
    where flag = p_flag and environment = p_environment and decided_at >= p_since
  )
  select jsonb_object_agg(ways.way, (
    select jsonb_build_object(
      'decided', count(*), 'ended', count(ended_at), 'failed', count(*) filter (where status = 'failed'),
      'handedOver', count(*) filter (where is_handed_over),
      'p50Ms', round(percentile_cont(0.5) within group (order by ms)),
      'p95Ms', round(percentile_cont(0.95) within group (order by ms)))
    from decided where decided.way = ways.way))
  from (values ('queue'), ('sync')) as ways (way);
$$;

create function public.delete_flag_decisions(p_before timestamptz, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.flag_decisions where (flag, environment, subject) in (
    select flag, environment, subject from public.flag_decisions where decided_at < p_before
    order by decided_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- Releases a held job to the queue. A job that was released or has ended stays as it is.
create function public.queue_held_job(p_job_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.release_jobs(array[p_job_id], p_now);
end
$$;

-- Releases jobs of this function that were held before p_before, because the request that held them has died before it
-- did their work or decided on them. Returns how many.
create function public.queue_left_jobs(p_function_id text, p_before timestamptz, p_limit integer, p_now timestamptz)
returns integer
language sql
set search_path = ''
as $$
  select private.release_jobs(array(
    select id from public.jobs
    where kind = (private.work_kind(p_function_id)).kind and function_id = p_function_id
      and status = 'queued' and released_at is null and created_at < p_before
    order by created_at, id limit p_limit), p_now);
$$;

revoke execute on function public.get_flag, public.list_flags, public.set_flag, public.delete_flag, public.decide_way,
  public.compare_ways, public.delete_flag_decisions, public.queue_held_job, public.queue_left_jobs
  from public, anon, authenticated;
grant execute on function public.get_flag, public.list_flags, public.set_flag, public.delete_flag, public.decide_way,
  public.compare_ways, public.delete_flag_decisions, public.queue_held_job, public.queue_left_jobs to service_role;
