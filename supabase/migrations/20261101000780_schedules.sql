-- A schedule starts work at regular times. src/schedules has the declarations. The schedule's row says up to which time
-- the slots were decided, and whether an operator paused the schedule. Every time at which a schedule was due (a slot)
-- is a row of schedule_ticks. The application computes the slots, because SQL cannot compute cron times; each statement
-- here applies them once.

create table public.schedules (
  name text primary key,
  -- The declared times, from which the slots after checked_until are computed. A changed declaration is used
  -- from the first housekeeping after the change on.
  cron text not null,
  time_zone text not null,
  -- Every slot up to this time has its row.
  checked_until timestamptz not null,
  paused_at timestamptz,
  paused_by text,
  -- The times that an operator set. They replace the declared times until an operator removes them.
  operator_cron text,
  operator_time_zone text,
  changed_at timestamptz,
  changed_by text,
  constraint schedules_say_who_paused_them check ((paused_at is null) = (paused_by is null)),
  constraint schedules_say_who_changed_their_times check (
    num_nulls(operator_cron, operator_time_zone, changed_at, changed_by) in (0, 4))
);

create table public.schedule_ticks (
  schedule text not null references public.schedules (name),
  -- When the slot was due, or when an operator started the work.
  slot_at timestamptz not null,
  -- The local time with its offset, such as 2026-10-25T02:30+02:00.
  slot text not null,
  -- fired: its work is a job or a maintenance task; merged: another slot does its work; skipped: its work is not done.
  fate text not null,
  reason text,
  job_id uuid,
  -- What a maintenance task did: {"deletedCount": 3}. Null: the task has not ended.
  result jsonb,
  -- Whether the slot's job waits for an earlier job of the schedule.
  is_waiting boolean not null default false,
  made_at timestamptz not null,
  primary key (schedule, slot_at),
  constraint schedule_ticks_fate_is_valid check (fate in ('fired', 'merged', 'skipped')),
  constraint schedule_ticks_only_fired_ones_have_a_job check (fate = 'fired' or job_id is null),
  constraint schedule_ticks_that_did_not_fire_say_why check (fate = 'fired' or reason is not null)
);
create index schedule_ticks_with_a_job on public.schedule_ticks (schedule, slot_at desc) where job_id is not null;
create index schedule_ticks_that_wait on public.schedule_ticks (schedule, slot_at) where is_waiting;
create index schedule_ticks_by_age on public.schedule_ticks (made_at);

-- A maintenance task is work that only touches the database: a function (integer, timestamptz) that returns counts,
-- {"deletedCount": 3}. The integer is the largest value of each count. A count that reaches this value means that more
-- work is left.
create table private.maintenance_tasks (
  -- The name of the schedule too.
  name text primary key,
  function text not null,
  -- A task that has not run for this interval runs even when no schedule has asked for it, unless its schedule is paused.
  at_least_every interval not null,
  -- When a schedule asked for the next run of the task. Null: the task has run since then.
  wanted_at timestamptz,
  -- The schedule and the slot that asked for the run.
  schedule text,
  slot_at timestamptz,
  run_at timestamptz,
  -- The counts so far of the run that is under way, or else of the last run.
  result jsonb not null default '{}',
  constraint maintenance_tasks_know_who_wants_them check ((wanted_at is null) = (slot_at is null))
);

alter table public.schedules enable row level security;
alter table public.schedule_ticks enable row level security;
alter table private.maintenance_tasks enable row level security;
revoke all on public.schedules, public.schedule_ticks from anon, authenticated;
grant select, insert, update, delete on public.schedules, public.schedule_ticks, private.maintenance_tasks
  to service_role;

-- Returns the rows of the declared schedules, [{"name", "cron", "timeZone"}], and inserts missing rows. Slots of a new
-- schedule count from now on.
create function public.open_schedules(p_declared jsonb, p_now timestamptz)
returns setof public.schedules
language plpgsql
set search_path = ''
as $$
begin
  insert into public.schedules (name, cron, time_zone, checked_until)
  select declared.name, declared.cron, declared."timeZone", p_now
  from jsonb_to_recordset(p_declared) as declared (name text, cron text, "timeZone" text)
  on conflict (name) do nothing;
  return query
  select schedules.* from public.schedules
  join jsonb_to_recordset(p_declared) as declared (name text) using (name) order by name;
end
$$;

-- How many of the newest jobs of a schedule have not ended.
create function private.unfinished_ticks(p_schedule text)
returns integer
language sql stable
set search_path = ''
as $$
  select count(*)::integer from (
    select job_id from public.schedule_ticks
    where schedule = p_schedule and job_id is not null order by slot_at desc limit 5) as newest
  join public.jobs on jobs.id = newest.job_id
  where jobs.ended_at is null;
$$;

-- Asks for a run of a task. Fails when no such task is registered. Returns false when the task has not run for an
-- earlier slot yet.
create function private.want_task(p_task text, p_schedule text, p_slot_at timestamptz, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  perform from private.maintenance_tasks where name = p_task for update;
  if not found then
    raise exception 'No migration registers the maintenance task %', p_task;
  end if;
  update private.maintenance_tasks set wanted_at = p_now, schedule = p_schedule, slot_at = p_slot_at, result = '{}'
  where name = p_task and wanted_at is null;
  return found;
end
$$;

-- Writes a slot that fires and whose work is a task.
create function private.fire_task(p_schedule text, p_tick jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_at timestamptz := (p_tick ->> 'at')::timestamptz;
  v_is_wanted boolean := private.want_task(p_tick ->> 'task', p_schedule, v_at, p_now);
begin
  insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, made_at)
  values (p_schedule, v_at, p_tick ->> 'slot', case when v_is_wanted then 'fired' else 'merged' end,
    case when v_is_wanted then p_tick ->> 'reason' else 'overlap: the task is still to run for an earlier slot' end,
    p_now);
end
$$;

-- Writes a slot that fires and whose work is a job. The caller holds the lock of the schedule's row. The limits for
-- requesters do not apply: a slot is never refused.
create function private.fire_tick(p_schedule text, p_tick jsonb, p_overlap text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_unfinished integer := case when p_overlap = 'allow' then 0 else private.unfinished_ticks(p_schedule) end;
  v_fate text := case
    when v_unfinished = 0 or p_overlap = 'queue-one' and v_unfinished = 1 then 'fired'
    when p_overlap = 'queue-one' then 'merged'
    else 'skipped' end;
  v_job public.jobs;
begin
  if v_fate = 'fired' then
    v_job := private.insert_job(private.complete_request(
      p_tick -> 'request' || jsonb_build_object('held', v_unfinished > 0),
      private.work_kind(p_tick -> 'request' ->> 'functionId')), p_now);
  end if;
  insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, job_id, is_waiting, made_at)
  values (p_schedule, (p_tick ->> 'at')::timestamptz, p_tick ->> 'slot', v_fate,
    case v_fate when 'fired' then p_tick ->> 'reason' when 'merged' then 'overlap: a job already waits'
      else 'overlap: the earlier job has not ended' end,
    v_job.id, v_fate = 'fired' and v_unfinished > 0, p_now);
end
$$;

-- Writes the slots between p_from and p_until, which the application decided: [{"at", "slot", "fate", "reason",
-- "request" or "task"}]; only slots that fire have the last field. p_from is the time that the caller read; if another
-- caller has written slots after that reading, nothing is written. From p_until on, the given cron applies. Returns how
-- many slots were fired, merged and skipped.
create function public.tick_schedule(
  p_schedule text, p_from timestamptz, p_until timestamptz, p_cron text, p_time_zone text, p_overlap text,
  p_ticks jsonb, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_tick jsonb;
  v_counts jsonb;
begin
  update public.schedules set checked_until = p_until, cron = p_cron, time_zone = p_time_zone
  where name = p_schedule and checked_until = p_from;
  if not found then
    return '{}';
  end if;
  insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, made_at)
  select p_schedule, tick.at, tick.slot, tick.fate, tick.reason, p_now
  from jsonb_to_recordset(p_ticks) as tick (at timestamptz, slot text, fate text, reason text)
  where tick.fate <> 'fired'
  on conflict do nothing;
  for v_tick in
    select value from jsonb_array_elements(p_ticks) where value ->> 'fate' = 'fired'
      and not exists (select from public.schedule_ticks
        where schedule = p_schedule and slot_at = (value ->> 'at')::timestamptz)
    order by (value ->> 'at')::timestamptz
  loop
    if v_tick ->> 'task' is not null then
      perform private.fire_task(p_schedule, v_tick, p_now);
    else
      perform private.fire_tick(p_schedule, v_tick, p_overlap, p_now);
      perform private.ask_for_outbox();
    end if;
  end loop;
  select jsonb_object_agg(fate, count) into v_counts from (
    select fate, count(*) from public.schedule_ticks
    where schedule = p_schedule and slot_at > p_from and slot_at <= p_until group by fate) as fates (fate, count);
  return coalesce(v_counts, '{}');
end
$$;

-- Releases waiting jobs whose earlier jobs have ended, and returns their number.
create function public.release_ticks(p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_ready uuid[];
begin
  with ready as (
    update public.schedule_ticks set is_waiting = false
    where is_waiting and private.unfinished_ticks(schedule) <= 1 returning job_id
  )
  select array_agg(job_id) into v_ready from ready;
  return private.release_jobs(coalesce(v_ready, '{}'), p_now);
end
$$;

-- Starts a schedule's job now, even while an earlier one is running. p_request as for private.accept_job.
create function public.run_schedule(p_schedule text, p_slot text, p_by text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  v_job := private.accept_job(p_request, p_now);
  if v_job.id = (p_request ->> 'id')::uuid then
    insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, job_id, made_at)
    values (p_schedule, p_now, p_slot, 'fired', 'started by ' || p_by, v_job.id, p_now)
    on conflict do nothing;
  end if;
  return v_job;
end
$$;

-- Like public.run_schedule, for a schedule whose work is a task. The next housekeeping runs the task.
create function public.run_task(p_schedule text, p_slot text, p_by text, p_task text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  select private.fire_task(p_schedule,
    jsonb_build_object('at', p_now, 'slot', p_slot, 'task', p_task, 'reason', 'started by ' || p_by), p_now);
$$;

-- p_by null: the schedule is resumed, and its task waits for the next slot, as a new task does. A schedule that is paused
-- already keeps the first pause.
create function public.pause_schedule(p_schedule text, p_by text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update private.maintenance_tasks set run_at = null where p_by is null and name = p_schedule
    and exists (select from public.schedules where name = p_schedule and paused_at is not null);
  update public.schedules set
    paused_by = case when p_by is not null then coalesce(paused_by, p_by) end,
    paused_at = case when p_by is not null then coalesce(paused_at, p_now) end
  where name = p_schedule;
$$;

-- The newest slots of a schedule, each with the state of its job.
create function public.list_ticks(p_schedule text, p_limit integer)
returns table (
  slot_at timestamptz, slot text, fate text, reason text, job_id uuid, result jsonb, job_status text,
  made_at timestamptz
)
language sql stable
set search_path = ''
as $$
  select ticks.slot_at, ticks.slot, ticks.fate, ticks.reason, ticks.job_id, ticks.result, jobs.status, ticks.made_at
  from public.schedule_ticks as ticks left join public.jobs on jobs.id = ticks.job_id
  where ticks.schedule = p_schedule order by ticks.slot_at desc limit p_limit;
$$;

-- The newest slot of each of these schedules.
create function public.last_ticks(p_schedules text[])
returns table (
  schedule text, slot_at timestamptz, slot text, fate text, reason text, job_id uuid, result jsonb
)
language sql stable
set search_path = ''
as $$
  select wanted.name, ticks.slot_at, ticks.slot, ticks.fate, ticks.reason, ticks.job_id, ticks.result
  from unnest(p_schedules) as wanted (name) cross join lateral (
    select * from public.schedule_ticks where schedule = wanted.name order by slot_at desc limit 1) as ticks;
$$;

create function public.purge_ticks(p_before timestamptz, p_limit integer)
returns integer
language sql
set search_path = ''
as $$
  select private.delete_rows_before('public.schedule_ticks', 'made_at', p_before, p_limit);
$$;

revoke execute on function private.unfinished_ticks, private.fire_tick, private.want_task, private.fire_task
  from public, anon, authenticated;
grant execute on function private.unfinished_ticks, private.fire_tick, private.want_task, private.fire_task
  to service_role;
revoke execute on function public.open_schedules, public.tick_schedule, public.release_ticks, public.run_schedule,
  public.run_task, public.pause_schedule, public.list_ticks, public.last_ticks, public.purge_ticks from public, anon, authenticated;
grant execute on function public.open_schedules, public.tick_schedule, public.release_ticks, public.run_schedule,
  public.run_task, public.pause_schedule, public.list_ticks, public.last_ticks, public.purge_ticks to service_role;
