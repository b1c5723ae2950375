-- Reading the ledger: one page of jobs, or one job with everything that belongs to it, each in one statement.

-- p_owner null sees every job. The statement is dynamic, here and in every list with several filters, so that Postgres
-- plans each combination of filters: one plan for all combinations could not use the index of any filter. p_search is a
-- part of a word that names a job, or of the job's subject. The search has no index, because an index of these texts
-- would slow every write of the ledger. So it reads only the newest 10,000 jobs that match the other filters, and the
-- subjects of the newest 1,000 of them, which are in the rooms' tables. The whole id of a job or an event finds its
-- jobs at any age.
create function private.find_jobs(
  p_owner text, p_status text, p_kind text, p_function_id text, p_requester text, p_parent_job_id uuid, p_search text,
  p_unfinished boolean, p_from timestamptz, p_to timestamptz, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof public.jobs
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  c_searched constant integer := 10000;
  c_subjects constant integer := 1000;
  v_subjects jsonb;
  v_id uuid := private.uuid_of(p_search);
  v_is_whole boolean := exists (select from public.jobs
    where (id = v_id or event_id = p_search) and (p_owner is null or owner = p_owner));
begin
  if p_search is not null and not v_is_whole then
    select private.job_subjects(array_agg(jobs)) into v_subjects
    from private.find_jobs(p_owner, p_status, p_kind, p_function_id, p_requester, p_parent_job_id, null, p_unfinished,
      p_from, p_to, p_before_at, p_before_id, c_subjects) as jobs;
  end if;
  return query
  select * from (
    select * from public.jobs
    where (p_owner is null or owner = p_owner)
      and (p_status is null or status = p_status)
      and (p_kind is null or kind = p_kind)
      and (p_function_id is null or function_id = p_function_id)
      and (p_requester is null or requester = p_requester)
      and (p_parent_job_id is null or parent_job_id = p_parent_job_id)
      and (not p_unfinished or ended_at is null)
      and (not v_is_whole or id = v_id or event_id = p_search)
      and (p_from is null or created_at >= p_from)
      and (p_to is null or created_at < p_to)
      and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
    order by created_at desc, id desc
    limit case when p_search is null then p_limit else c_searched end) as jobs
  where p_search is null or position(lower(p_search) in lower(concat_ws(' ', id, event_id, kind, function_id, requester,
    owner, idempotency_key, error ->> 'code',
    case when error ->> 'code' = 'internal' then null else error ->> 'message' end, v_subjects ->> id::text))) > 0
  order by created_at desc, id desc
  limit p_limit;
end
$$;

-- The time at which an unfinished job continues after a pause for which a provider asked: the time of its next attempt,
-- or the time at which the first of its parts continues. Null when the job does not wait, that is, while a run works on
-- any part.
create function private.job_waits_until(p_job public.jobs)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
declare
  v_last public.job_events;
begin
  if p_job.ended_at is not null then
    return null;
  end if;
  select * into v_last from public.job_events where job_id = p_job.id order by sequence desc limit 1;
  if v_last.type = 'waiting' then
    return (v_last.data ->> 'retryAt')::timestamptz;
  end if;
  return (
    select case when bool_or(status = 'claimed') then null else min(waiting_until) end
    from public.job_parts where job_id = p_job.id and status <> 'done');
end
$$;

-- The last error, as {code, message}, of a part that is tried again. If there are several such parts, the result is the
-- error of the part that continues last.
create function private.job_last_error(p_job public.jobs)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select last_error from public.job_parts
    where job_id = p_job.id and status in ('pending', 'claimed') and last_error is not null and p_job.ended_at is null
    order by waiting_until desc nulls last, part_no limit 1);
end
$$;

-- Why an unfinished job needs a person: all its parts are done or dead, and the dead ones have an open dead letter.
-- {code, message, since, deadLetterId} are of the newest dead letter; parts: how many parts are dead. Null while any
-- part is open.
create function private.job_blocked(p_job public.jobs)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_parts bigint;
  v_letter public.dead_letter_queue;
begin
  if p_job.ended_at is not null
    or not exists (select from public.job_plans where job_id = p_job.id and planned_at is not null)
    or exists (select from public.job_parts where job_id = p_job.id and status not in ('dead', 'done'))
  then
    return null;
  end if;
  select count(*) into v_parts from public.job_parts where job_id = p_job.id and status = 'dead';
  -- When a part failed again after it was reprocessed, its dead letter belongs to the job that reprocessed it.
  select * into v_letter from public.dead_letter_queue
  where status = 'failed' and (job_id = p_job.id or job_id in (select id from public.jobs where parent_job_id = p_job.id))
    and event_data ->> 'parentJobId' = p_job.id::text
  order by failed_at desc, id desc limit 1;
  if v_parts = 0 or not found then
    return null;
  end if;
  return jsonb_build_object('code', v_letter.error_code, 'message', v_letter.error_message,
    'since', v_letter.failed_at, 'deadLetterId', v_letter.id, 'parts', v_parts);
end
$$;

-- Parses an id; null for a text that is no id, because the data of an event may contain anything.
create function private.uuid_of(p_text text)
returns uuid
language sql immutable
set search_path = ''
as $$
  select case when p_text ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then p_text::uuid end;
$$;

-- The subjects of the jobs, {job id: subject}: texts that tell people what a job is about. One statement reads the
-- subjects of one kind of work. The result leaves out jobs whose kind has no subjects, and jobs whose campaign, import
-- or other object was deleted.
create function private.job_subjects(p_jobs public.jobs[])
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  c_chars constant integer := 200;
  v_kind record;
  v_some jsonb;
  v_all jsonb := '{}';
begin
  for v_kind in
    select kinds.subjects, array_agg(jobs) as jobs
    from unnest(p_jobs) as jobs join private.work_kinds as kinds using (function_id)
    where kinds.subjects is not null group by kinds.subjects
  loop
    execute format('select jsonb_object_agg(job_id, left(subject, %s)) from %s($1) where subject <> %L',
      c_chars, v_kind.subjects, '')
    into v_some using v_kind.jobs;
    v_all := v_all || coalesce(v_some, '{}');
  end loop;
  return v_all;
end
$$;

-- A page of private.find_jobs. Each job has its subject, and the reason why it is blocked.
create function public.list_jobs(
  p_owner text, p_status text, p_kind text, p_function_id text, p_requester text, p_parent_job_id uuid, p_search text,
  p_from timestamptz, p_to timestamptz, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  with page as materialized (
    select jobs from private.find_jobs(p_owner, p_status, p_kind, p_function_id, p_requester, p_parent_job_id, p_search,
      false, p_from, p_to, p_before_at, p_before_id, p_limit) as jobs
  ), subjects as materialized (
    select private.job_subjects(array_agg(jobs)) as by_id from page
  )
  select to_jsonb(jobs)
    || jsonb_build_object('blocked', private.job_blocked(jobs), 'subject', by_id -> (jobs).id::text)
  from page cross join subjects
  order by (jobs).created_at desc, (jobs).id desc;
$$;

-- Everything that belongs to a job: {job, runs, events, waitingUntil, lastError, childCount: at most 1,000}.
create function private.job_details(p_job public.jobs, p_subject jsonb)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'job', to_jsonb(p_job) || jsonb_build_object('blocked', private.job_blocked(p_job), 'subject', p_subject),
    'runs', coalesce((select jsonb_agg(to_jsonb(runs) order by runs.started_at, runs.run_id)
      from public.job_runs as runs where runs.job_id = p_job.id), '[]'),
    'events', coalesce((select jsonb_agg(to_jsonb(events) order by events.sequence)
      from public.job_events as events where events.job_id = p_job.id), '[]'),
    'waitingUntil', private.job_waits_until(p_job), 'lastError', private.job_last_error(p_job),
    'childCount', (select count(*) from (
      select from public.jobs as children where children.parent_job_id = p_job.id limit 1000) as counted));
$$;

-- private.job_details, or null when this owner has no such job.
create function public.get_job(p_job_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.job_details(jobs, private.job_subjects(array[jobs]) -> jobs.id::text)
  from public.jobs as jobs
  where id = p_job_id and (p_owner is null or owner = p_owner);
$$;

revoke execute on function private.job_waits_until, private.job_last_error, private.job_blocked, private.find_jobs,
  private.uuid_of, private.job_subjects, private.job_details,
  public.list_jobs, public.get_job
  from public, anon, authenticated;
grant execute on function private.job_waits_until, private.job_last_error, private.job_blocked, private.find_jobs,
  private.uuid_of, private.job_subjects, private.job_details,
  public.list_jobs, public.get_job to service_role;
