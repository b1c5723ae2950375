-- Statements of housekeeping: which runs make no progress, and which old rows to delete.

-- The newest run of each job that has been running without progress since p_quiet_since. When no run is in progress
-- (is_fan_out), the job waits for the parts that its last run sent; such a job is returned only when no other job is
-- reprocessing it and all its dead letters have been handled. The job that was checked longest ago comes first, and a
-- concurrent caller gets other jobs.
create function public.take_quiet_runs(p_quiet_since timestamptz, p_limit integer, p_now timestamptz)
returns table (
  job_id uuid, is_fan_out boolean, run_id text, event_id text, function_id text, event_name text, event_data jsonb,
  quiet_since timestamptz
)
language sql
set search_path = ''
as $$
  with quiet as (
    select id from public.jobs
    where status = 'running' and paused_at is null and greatest(updated_at, checked_at) < p_quiet_since
    order by greatest(updated_at, checked_at), id limit p_limit for update skip locked
  ), taken as (
    update public.jobs set checked_at = p_now from quiet where jobs.id = quiet.id returning jobs.*
  )
  select taken.id, runs.status <> 'running', runs.run_id, taken.event_id, taken.function_id, taken.event_name,
    taken.event_data, taken.updated_at
  from taken
  cross join lateral (
    select job_runs.run_id, job_runs.status from public.job_runs
    where job_runs.job_id = taken.id
    order by job_runs.status = 'running' desc, started_at desc, job_runs.run_id desc limit 1) as runs
  where runs.status = 'running' or not exists (
    select from private.family_of_job(taken.id) as member (id)
    where exists (select from public.dead_letter_queue where dead_letter_queue.job_id = member.id and status = 'failed')
      or exists (select from public.jobs where id = member.id and id <> taken.id and ended_at is null));
$$;

-- Jobs that were canceled since p_since and whose run continues: the engine did not receive the cancel, or the run has
-- not reached its next step yet.
create function public.unheard_cancels(p_since timestamptz, p_limit integer)
returns table (id uuid, event_id text, function_id text)
language sql stable
set search_path = ''
as $$
  select id, event_id, function_id from public.jobs
  where status = 'canceled' and ended_at > p_since
    and exists (select from public.job_runs where job_id = jobs.id and status = 'running')
  order by ended_at, id limit p_limit;
$$;

-- Fails jobs that were due before p_before and have never begun. Either their events were sent to the engine before
-- that time, or the engine refuses them (p_refused). Each of these jobs gets a dead letter, so that an administrator
-- can reprocess the job with a new event. A job that begins after it was failed here continues as in a replay, and its
-- dead letter is resolved. Returns how many jobs failed.
create function public.fail_unbegun_jobs(
  p_before timestamptz, p_refused uuid[], p_limit integer, p_now timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_message constant text := 'The engine never began this job';
  v_job public.jobs;
  v_count integer := 0;
begin
  for v_job in
    select * from public.jobs
    where status = 'queued' and due_at < p_before and (sent_at < p_before or id = any (p_refused))
    order by due_at, id limit p_limit for update skip locked
  loop
    perform public.record_dead_letter(jsonb_build_object(
      'eventId', v_job.event_id, 'eventName', v_job.event_name, 'eventData', v_job.event_data,
      'functionId', v_job.function_id, 'runId', 'never-begun:' || v_job.id,
      'error', jsonb_build_object('code', 'engine_unavailable', 'message', v_message),
      'fingerprint', left(md5(v_job.function_id || v_message), 16)), p_now);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

-- Deletes ended jobs with their parts and plans, and returns their number. The locks are taken in the order in which a
-- run that works on a part takes them: the parts, the plans, the jobs. So a run that works on after its job has ended
-- and the deletion of the job cannot deadlock.
create function private.delete_jobs(p_ids uuid[])
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  perform from public.job_parts where job_id = any (p_ids) order by job_id, part_no for update;
  perform from public.job_plans where job_id = any (p_ids) order by job_id for update;
  delete from public.jobs where id = any (p_ids) and ended_at is not null;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- Deletes ended jobs, handled dead letters and errors that are older than the given times, at most p_limit of each.
-- Also deletes the rates of requesters and providers, the reservations and the counts of failed tries that were last
-- used before p_completed_before. Jobs and dead letters whose month is not in the archive stay a month longer.
create function public.purge_ledgers(
  p_completed_before timestamptz, p_failed_before timestamptz, p_limit integer
)
returns bigint
language plpgsql
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  v_count bigint;
  v_total bigint := 0;
  v_archived timestamptz := coalesce(private.archived_until(), 'infinity');
  v_completed_before timestamptz := least(p_completed_before, greatest(v_archived, p_completed_before - interval '31 days'));
  v_failed_before timestamptz := least(p_failed_before, greatest(v_archived, p_failed_before - interval '31 days'));
begin
  delete from public.dead_letter_queue where ctid = any (array(
    select ctid from public.dead_letter_queue
    where status <> 'failed' and handled_at < v_failed_before limit p_limit));
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from public.job_errors where ctid = any (array(
    select ctid from public.job_errors where created_at < p_failed_before limit p_limit));
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from private.request_rates where arrival_at < p_completed_before;
  delete from private.token_buckets
  where filled_at < p_completed_before and coalesce(blocked_until < p_completed_before, true);
  delete from private.reservations where expires_at < p_completed_before;
  delete from private.failed_tries where noted_at < p_completed_before;
  return v_total + private.delete_jobs(array(
    select id from public.jobs
    where ended_at < greatest(v_completed_before, v_failed_before)
      and ended_at < case when status = 'failed' then v_failed_before else v_completed_before end
    limit p_limit));
end
$$;

-- Finds a kind of work by its name. (The key of the table is the function.)
create function private.kind_named(p_kind text)
returns private.work_kinds
language sql stable
set search_path = ''
as $$
  select private.work_kind(coalesce(
    (select function_id from private.work_kinds where kind = p_kind order by function_id limit 1), p_kind));
$$;

-- The ended jobs that a kind does not keep: each kind keeps its number of the newest completed and failed jobs, and all
-- jobs that ended after p_before. At most p_limit of each kind and status, the oldest first.
create function private.jobs_beyond_kind_number(p_before timestamptz, p_limit integer)
returns setof uuid
language sql stable
set search_path = ''
as $$
  with recursive kinds (kind) as (
    select min(kind) from public.jobs where ended_at is not null
    union all
    select (select min(jobs.kind) from public.jobs where ended_at is not null and jobs.kind > kinds.kind)
    from kinds where kind is not null
  )
  select old.id
  from kinds
  cross join lateral private.kind_named(kinds.kind) as usual
  cross join lateral (values ('completed', usual.keep_completed), ('failed', usual.keep_failed)) as keep (status, count)
  cross join lateral (
    select ended_at, id from public.jobs
    where jobs.kind = kinds.kind and jobs.status = keep.status and ended_at is not null
    order by ended_at desc, id desc offset keep.count limit 1) as newest
  cross join lateral (
    select jobs.id from public.jobs
    where jobs.kind = kinds.kind and jobs.status = keep.status and ended_at < p_before
      and (ended_at, jobs.id) <= (newest.ended_at, newest.id)
    order by ended_at, jobs.id limit p_limit) as old
  where kinds.kind is not null;
$$;

-- The completed jobs that their requests do not keep, and that ended before p_before. The newest job with a number of its
-- own (jobs.keep_completed) decides for the jobs of the same kind and owner that have a number too. So a requester deletes
-- no job of another owner, and no job whose request had no number. At most p_limit of each kind and owner.
create function private.jobs_beyond_own_number(p_before timestamptz, p_limit integer)
returns setof uuid
language sql stable
set search_path = ''
as $$
  with recursive newest (kind, owner, keep_completed) as (
    (select kind, owner, keep_completed from public.jobs where keep_completed is not null and status = 'completed'
     order by kind, owner, ended_at desc, id desc limit 1)
    union all
    select next.kind, next.owner, next.keep_completed
    from newest
    cross join lateral (
      select jobs.kind, jobs.owner, jobs.keep_completed from public.jobs
      where jobs.keep_completed is not null and status = 'completed' and (jobs.kind, jobs.owner) > (newest.kind, newest.owner)
      order by jobs.kind, jobs.owner, ended_at desc, id desc limit 1) as next
  )
  select old.id
  from newest
  cross join lateral (
    select ended_at, id from public.jobs
    where jobs.keep_completed is not null and status = 'completed' and jobs.kind = newest.kind and jobs.owner = newest.owner
    order by ended_at desc, id desc offset newest.keep_completed limit 1) as last
  cross join lateral (
    select jobs.id from public.jobs
    where jobs.keep_completed is not null and status = 'completed' and jobs.kind = newest.kind and jobs.owner = newest.owner
      and ended_at < p_before and (ended_at, jobs.id) <= (last.ended_at, last.id)
    order by ended_at, jobs.id limit p_limit) as old;
$$;

-- Deletes the jobs that neither their kind nor their request keeps, at most p_limit in one call. Jobs that ended after
-- p_before stay: a repeated request with the same idempotency key gets the same job, and usage, reports and digests
-- count it. The statement reads only the jobs that it keeps or deletes.
create function public.trim_jobs(p_before timestamptz, p_limit integer)
returns bigint
language plpgsql
set search_path = ''
as $$
begin
  return private.delete_jobs(array(
    (select private.jobs_beyond_kind_number(p_before, p_limit) limit p_limit)
    union
    (select private.jobs_beyond_own_number(p_before, p_limit) limit p_limit)
    limit p_limit));
end
$$;

revoke execute on function public.take_quiet_runs, public.unheard_cancels, public.fail_unbegun_jobs,
  public.purge_ledgers, public.trim_jobs from public, anon, authenticated;
grant execute on function public.take_quiet_runs, public.unheard_cancels, public.fail_unbegun_jobs,
  public.purge_ledgers, public.trim_jobs to service_role;
revoke execute on function private.jobs_beyond_kind_number, private.jobs_beyond_own_number, private.kind_named, private.delete_jobs from public, anon, authenticated;
grant execute on function private.jobs_beyond_kind_number, private.jobs_beyond_own_number, private.kind_named, private.delete_jobs to service_role;

-- Deletes at most p_limit rows of a table whose time is before p_before, the oldest first. Returns their number.
create function private.delete_rows_before(p_table regclass, p_column name, p_before timestamptz, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  execute format(
    'delete from %1$s where ctid = any (array(select ctid from %1$s where %2$I < $1 order by %2$I limit $2))',
    p_table, p_column) using p_before, p_limit;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

revoke execute on function private.delete_rows_before from public, anon, authenticated;
grant execute on function private.delete_rows_before to service_role;
