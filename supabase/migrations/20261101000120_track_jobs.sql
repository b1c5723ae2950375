-- The life of a job after it was accepted: runs start and end, fan-out moves its progress, people cancel it.

create function private.find_job(p_event_id text, p_function_id text)
returns uuid
language sql stable
set search_path = ''
as $$
  select id from public.jobs where event_id = p_event_id and function_id = p_function_id;
$$;

create function private.job_is_canceled(p_job_id uuid)
returns boolean
language sql stable
set search_path = ''
as $$
  select coalesce((select status = 'canceled' from public.jobs where id = p_job_id), false);
$$;

-- A job and all that reprocesses made of it, and of each other.
create function private.family_of_job(p_job_id uuid)
returns setof uuid
language sql stable
set search_path = ''
as $$
  with recursive family as (
    select p_job_id as id
    union
    select jobs.id from public.jobs join family on jobs.parent_job_id = family.id
  )
  select id from family;
$$;

-- Progress only moves forward, however late or often it is reported. It writes no row of the timeline.
create function private.advance_job(p_job_id uuid, p_done bigint, p_total bigint, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.jobs set
    progress_total = greatest(progress_total, p_total),
    progress_done = least(greatest(progress_done, p_done, 0), greatest(progress_total, p_total)),
    updated_at = p_now
  where id = p_job_id and status in ('queued', 'running');
$$;

-- Ends a job once; whoever comes later changes nothing. A job that failed may still end well: a replay, or
-- fan-out that went on. Returns whether this call ended it.
create function private.end_job(p_job_id uuid, p_status text, p_result jsonb, p_error jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  update public.jobs set
    status = p_status,
    result = coalesce(p_result, result),
    error = case when p_status = 'failed' then p_error end,
    sent_at = coalesce(sent_at, p_now),
    ended_at = p_now
  where id = p_job_id
    and (status in ('queued', 'running') or (status = 'failed' and p_status = 'completed'));
  if not found then
    return false;
  end if;
  perform private.record_job_event(p_job_id, p_status, coalesce(p_error, '{}'), p_now);
  return true;
end
$$;

-- A run begins, or begins another attempt. Work that nobody accepted (app code's own send, a cron, a replay)
-- gets its job here; work fanned out for a job rolls up into that job and has no row of its own, unless a
-- reprocess made one. Answers {tracked: its end is wanted, jobId, canceled, skip}.
create function public.start_run(
  p_event_id text, p_event_name text, p_event_data jsonb, p_function_id text, p_run_id text, p_attempt integer,
  p_parent_job_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_first boolean;
begin
  v_job := private.lock_or_create_job(
    p_event_id, p_event_name, p_event_data, p_function_id, p_parent_job_id, p_now);
  if v_job.id is null then
    return private.start_without_job(p_event_id, p_function_id, p_parent_job_id);
  end if;
  -- The parent of a reprocess is the job that failed; its event still names the job that it was fanned out for.
  if v_job.status <> 'canceled'
    and (private.job_is_canceled(v_job.parent_job_id) or private.job_is_canceled(p_parent_job_id))
  then
    perform private.end_job(v_job.id, 'canceled', null, null, p_now);
    v_job.status := 'canceled';
  end if;
  if v_job.status = 'canceled' then
    update public.job_runs set status = 'canceled', ended_at = p_now where run_id = p_run_id and status = 'running';
    return jsonb_build_object('tracked', false, 'jobId', v_job.id, 'canceled', true, 'skip', false);
  end if;

  insert into public.job_runs as runs (run_id, job_id, attempts, started_at)
  values (p_run_id, v_job.id, p_attempt + 1, p_now)
  on conflict (run_id) do update set attempts = greatest(runs.attempts, excluded.attempts)
  returning xmax = 0 into v_first;
  if v_first then
    update public.jobs set status = 'running', started_at = coalesce(started_at, p_now),
      released_at = coalesce(released_at, p_now), sent_at = coalesce(sent_at, p_now), ended_at = null, error = null
    where id = v_job.id;
  end if;
  if v_first or p_attempt > 0 then
    perform private.record_job_event(v_job.id, case when v_first then 'running' else 'retrying' end,
      jsonb_build_object('runId', p_run_id, 'attempt', p_attempt + 1), p_now);
  end if;
  return jsonb_build_object('tracked', true, 'jobId', v_job.id, 'canceled', false, 'skip', false);
end
$$;

-- The job of this event and function, locked; made when first seen. Null when the work is not a job of its own.
create function private.lock_or_create_job(
  p_event_id text, p_event_name text, p_event_data jsonb, p_function_id text, p_parent_job_id uuid,
  p_now timestamptz
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs
  where event_id = p_event_id and function_id = p_function_id for update;
  if v_job.id is not null
    or exists (select from public.jobs where event_id = p_event_id and dead_letter_id is not null)
    or exists (select from public.jobs where id = p_parent_job_id)
  then
    return v_job;
  end if;
  v_job := private.insert_seen_job(p_event_id, p_event_name, p_event_data, p_function_id, p_now);
  if v_job.id is null then
    select * into v_job from public.jobs
    where event_id = p_event_id and function_id = p_function_id for update;
  end if;
  return v_job;
end
$$;

-- The job of an event that nobody accepted: app code sent it, or a clock. Null when another run was faster. What its
-- data says of priority and deadline holds where it makes sense.
create function private.insert_seen_job(
  p_event_id text, p_event_name text, p_event_data jsonb, p_function_id text, p_now timestamptz
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_priority integer := case when p_event_data -> 'priority' in ('1', '2', '3', '4', '5')
    then (p_event_data ->> 'priority')::integer else 3 end;
begin
  insert into public.jobs (kind, function_id, event_id, event_name, event_data, requester, priority, created_at,
    ready_at, due_at, deadline_at, released_at, sent_at, updated_at)
  values (p_function_id, p_function_id, p_event_id, p_event_name, coalesce(p_event_data, '{}'),
    case when p_event_name = 'inngest/scheduled.timer' then 'schedule' else 'event' end, v_priority, p_now,
    p_now, p_now + private.promise_of(v_priority), private.time_of(p_event_data ->> 'deadlineAt'), p_now, p_now, p_now)
  on conflict (event_id, function_id) do nothing
  returning * into v_job;
  if v_job.id is not null then
    perform private.record_job_event(v_job.id, 'accepted', '{}', p_now);
  end if;
  return v_job;
end
$$;

-- A time as JSON writes it; null for anything else: an event's data is somebody else's.
create function private.time_of(p_text text)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
begin
  return case when p_text ~ '^\d{4}-\d\d-\d\dT' then p_text::timestamptz end;
exception when others then
  return null;
end
$$;

-- A run without a job of its own: fan-out of a job, or a listener that a reprocessed event is not meant for.
create function private.start_without_job(p_event_id text, p_function_id text, p_parent_job_id uuid)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    -- A replay of fan-out that failed wants to resolve its letter.
    'tracked', private.has_open_letter(p_event_id, p_function_id),
    'jobId', p_parent_job_id,
    'canceled', private.job_is_canceled(p_parent_job_id),
    'skip', exists (select from public.jobs where event_id = p_event_id and dead_letter_id is not null));
end
$$;

-- A run ended well. While fan-out has work left the job stays running: the statement that leaves nothing to do
-- ends it. A function that answers {"status": "skipped"} had nothing to do; work whose deadline has passed ends with
-- whatever it has left to do.
create function public.finish_run(
  p_event_id text, p_function_id text, p_run_id text, p_result jsonb, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  perform private.resolve_letters(p_event_id, p_function_id, p_run_id, p_now);
  select * into v_job from public.jobs
  where event_id = p_event_id and function_id = p_function_id for update;
  if v_job.id is null then
    return;
  end if;
  update public.job_runs set status = 'completed', error = null, ended_at = p_now
  where run_id = p_run_id and status <> 'completed';
  if not found then
    return;
  end if;
  if v_job.status = 'running' and v_job.progress_total > v_job.progress_done
    and p_result ->> 'reason' is distinct from 'deadline_passed'
  then
    update public.jobs set result = coalesce(result, p_result) where id = v_job.id;
    perform private.record_job_event(v_job.id, 'run_ended', jsonb_build_object('runId', p_run_id), p_now);
  else
    perform private.end_job(v_job.id,
      case when p_result ->> 'status' = 'skipped' then 'skipped' else 'completed' end, p_result, null, p_now);
  end if;
end
$$;

-- A run ended badly (failed) or was stopped (canceled). The job ends with it unless another run is at work on it.
create function private.abandon_run(
  p_event_id text, p_function_id text, p_run_id text, p_status text, p_error jsonb, p_now timestamptz
)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid;
begin
  select id into v_job_id from public.jobs
  where event_id = p_event_id and function_id = p_function_id for update;
  if v_job_id is null then
    return null;
  end if;
  insert into public.job_runs as runs (run_id, job_id, status, error, started_at, ended_at)
  values (p_run_id, v_job_id, p_status, p_error, p_now, p_now)
  on conflict (run_id) do update set status = p_status, error = p_error, ended_at = p_now
    where runs.status = 'running';
  if not exists (select from public.job_runs where job_id = v_job_id and status = 'running') then
    perform private.end_job(v_job_id, p_status, null, p_error, p_now);
  end if;
  return v_job_id;
end
$$;

-- The engine stopped a run. Answers whether that was a part of a job that goes on: it has no job of its own to end,
-- and that job would wait for it for ever.
create function public.cancel_run(
  p_event_id text, p_function_id text, p_run_id text, p_parent_job_id uuid, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.abandon_run(p_event_id, p_function_id, p_run_id, 'canceled', null, p_now);
begin
  return v_job_id is null and exists (select from public.jobs where id = p_parent_job_id and ended_at is null);
end
$$;

-- People cancel: the job ends now, and with it whatever reprocesses made of it. Work that has not begun finds the
-- mark; running work stops at its next step. p_owner null sees every job.
create function public.cancel_job(p_job_id uuid, p_owner text, p_by text, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs
  where id = p_job_id and (p_owner is null or owner = p_owner) for update;
  if v_job.id is null then
    perform private.refuse(404, 'not_found', 'Job not found');
  elsif v_job.ended_at is not null then
    perform private.refuse(409, 'job_ended', format('The job is %s since %s', v_job.status, v_job.ended_at));
  end if;
  perform private.end_job(id, 'canceled', null, jsonb_build_object('code', 'canceled', 'by', p_by), p_now)
  from private.family_of_job(p_job_id) as id;
  select * into v_job from public.jobs where id = p_job_id;
  return v_job;
end
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
revoke execute on function public.start_run, public.finish_run, public.cancel_run, public.cancel_job
  from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.start_run, public.finish_run, public.cancel_run, public.cancel_job
  to service_role;
