-- What happens to a job after it was accepted: its runs begin and end, its parts make progress, and people cancel it.

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

-- A job, the jobs that reprocess it, the jobs that reprocess those, and so on.
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

-- A late or repeated report never lowers the progress. The timeline does not contain the progress.
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

-- All jobs end here, each of them once. An ended job keeps its status, with one exception: a failed job completes when
-- all its parts are done later. (A replay sets the status of its job to running again.) This function updates the
-- timeline and the dead letter; the follow-up of the kind runs at commit (private.follow_up_job). Returns the jobs that
-- this call ended.
create function private.end_jobs(
  p_job_ids uuid[], p_status text, p_result jsonb, p_error jsonb, p_now timestamptz
)
returns setof uuid
language plpgsql
set search_path = ''
as $$
declare
  v_ended public.jobs[];
begin
  -- All callers lock jobs in the order of their ids, so that two callers cannot deadlock.
  perform from public.jobs where id = any (p_job_ids) order by id for no key update;
  with ended as (
    update public.jobs set
      status = p_status,
      result = coalesce(p_result, result),
      error = case when p_status = 'failed' then p_error end,
      sent_at = coalesce(sent_at, p_now),
      ended_at = p_now,
      updated_at = p_now,
      event_count = event_count + 1
    where id = any (p_job_ids) and (status in ('queued', 'running') or (status = 'failed' and p_status = 'completed'))
    returning jobs as job
  ), told as (
    insert into public.job_events (job_id, sequence, type, at, data)
    select (job).id, (job).event_count, p_status, p_now, coalesce(p_error, '{}') from ended
  ), letters as (
    update public.dead_letter_queue as letter set outcome = p_status from ended
    where letter.id = (job).dead_letter_id and letter.reprocess_job_id = (job).id
  )
  select array_agg(job) into v_ended from ended;
  if exists (select from unnest(v_ended) as job join private.work_kinds using (function_id) where after_end is not null)
  then
    perform private.ask_for_outbox();
  end if;
  perform private.publish_job_fact(job, p_now) from unnest(v_ended) as job where job.owner is not null;
  return query select job.id from unnest(v_ended) as job;
end
$$;

-- Runs the follow-up of an ended job's kind of work. The follow-up runs at commit, when the transaction has ended all
-- its jobs. The locks of the follow-up are therefore the last ones that are taken, and are held only briefly. The
-- trigger function is "security definer", because up to Postgres 17 a deferred trigger runs with the role that the
-- session has at commit. Supabase Auth deletes users, which ends jobs, and Auth's role may not read our tables.
create function private.follow_up_job()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_after_end text := (select after_end from private.work_kinds where function_id = new.function_id);
begin
  if v_after_end is not null then
    execute format('select %s($1, $2)', v_after_end) using new, new.ended_at;
  end if;
  return null;
end
$$;
create constraint trigger jobs_are_followed_up
  after update of status on public.jobs
  deferrable initially deferred
  for each row
  when (new.ended_at is not null and old.status is distinct from new.status)
  execute function private.follow_up_job();

-- Returns whether this call ended the job.
create function private.end_job(p_job_id uuid, p_status text, p_result jsonb, p_error jsonb, p_now timestamptz)
returns boolean
language sql
set search_path = ''
as $$
  select exists (select from private.end_jobs(array[p_job_id], p_status, p_result, p_error, p_now));
$$;

-- A run begins, or begins another attempt. Work that was not accepted over HTTP (app code, a cron or a replay sent its
-- event) gets its job now. Work on a part belongs to the job of the part, and has no job of its own unless it is
-- reprocessed. Returns {tracked: whether the end of the run must be reported, jobId, canceled, skip}.
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
  -- Both parents are checked, because they differ when a dead letter is reprocessed: the row names the job that failed,
  -- and the event names the job that sent the event.
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
      released_at = least(released_at, p_now), sent_at = coalesce(sent_at, p_now), ended_at = null, error = null
    where id = v_job.id;
  end if;
  if v_first or p_attempt > 0 then
    perform private.record_job_event(v_job.id, case when v_first then 'running' else 'retrying' end,
      jsonb_build_object('runId', p_run_id, 'attempt', p_attempt + 1), p_now);
  end if;
  return jsonb_build_object('tracked', true, 'jobId', v_job.id, 'canceled', false, 'skip', false);
end
$$;

-- Whether this event was sent for the function of one job only: to reprocess it, or to run an ended job again.
create function private.is_for_one_function(p_event_id text)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (select from public.jobs
    where event_id = p_event_id and (dead_letter_id is not null or again_of is not null));
$$;

-- Locks and returns the job of this event and function, and inserts the job when it is first seen. Returns null when
-- the work has no job of its own.
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
    or private.is_for_one_function(p_event_id)
    or exists (select from public.jobs where id = p_parent_job_id)
  then
    return v_job;
  end if;
  -- The work was not accepted over HTTP: app code or a schedule sent its event.
  v_job := private.insert_job(jsonb_build_object('eventId', p_event_id, 'event', p_event_name, 'data', p_event_data,
    'functionId', p_function_id, 'sentAt', p_now,
    'requester', case when p_event_name = 'inngest/scheduled.timer' then 'schedule' else 'event' end), p_now);
  if v_job.id is null then
    select * into v_job from public.jobs
    where event_id = p_event_id and function_id = p_function_id for update;
  end if;
  return v_job;
end
$$;

-- A run without its own job: a part of a job, or a function that an event started although the event was sent only for
-- another function.
create function private.start_without_job(p_event_id text, p_function_id text, p_parent_job_id uuid)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    -- A replay of a failed part resolves the part's dead letter when the replay completes.
    'tracked', private.has_open_letter(p_event_id, p_function_id),
    'jobId', p_parent_job_id,
    'canceled', private.job_is_canceled(p_parent_job_id),
    'skip', private.is_for_one_function(p_event_id));
end
$$;

-- A run completed. A job that ended before its run keeps its status: its room ended it as failed, or a person canceled
-- it. While parts are left, the job stays running, and the statement that settles the last part ends the job. A
-- function that returns {"status": "skipped"} had nothing to do. Work whose deadline has passed ends even when parts
-- are left. Returns {status: of the job, durationMs: of the run}; null when the run has no job, or was completed
-- before.
create function public.finish_run(
  p_event_id text, p_function_id text, p_run_id text, p_result jsonb, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_started_at timestamptz;
begin
  select * into v_job from public.jobs
  where event_id = p_event_id and function_id = p_function_id for update;
  perform private.resolve_letters(p_event_id, p_function_id, p_run_id,
    case when v_job.ended_at is null then 'completed' else v_job.status end, p_now);
  if v_job.id is null then
    return null;
  end if;
  update public.job_runs set status = 'completed', error = null, ended_at = p_now
  where run_id = p_run_id and status <> 'completed'
  returning started_at into v_started_at;
  if not found then
    return null;
  end if;
  if v_job.ended_at is not null then
    null;
  elsif (v_job.progress_total > v_job.progress_done
      or exists (select from public.job_parts where job_id = v_job.id and status <> 'done'))
    and p_result ->> 'reason' is distinct from 'deadline_passed'
  then
    update public.jobs set result = coalesce(result, p_result) where id = v_job.id;
    perform private.record_job_event(v_job.id, 'run_ended', jsonb_build_object('runId', p_run_id), p_now);
  else
    v_job.status := case when p_result ->> 'status' = 'skipped' then 'skipped' else 'completed' end;
    perform private.end_job(v_job.id, v_job.status, p_result, null, p_now);
  end if;
  return jsonb_build_object('status', v_job.status, 'durationMs', extract(epoch from p_now - v_started_at) * 1000);
end
$$;

-- A run failed or was canceled. The run's job ends too, unless another run works on the job.
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

-- Called when the engine has canceled a run. Returns whether the run worked on a part of a job that has not ended. The
-- caller must then act, because such a run has no job of its own that ends, and the parent job would wait for the part
-- forever.
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

-- A person cancels a job. The job and the jobs that reprocess it end now. Work that has not begun never begins; running
-- work stops at its next step. p_owner null may cancel every job.
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
    perform private.refuse(409, 'job_ended', format('The job is %s since %s', v_job.status,
      to_char(v_job.ended_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
  end if;
  perform private.end_jobs(array(select private.family_of_job(p_job_id)), 'canceled', null,
    jsonb_build_object('code', 'canceled', 'by', p_by), p_now);
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
