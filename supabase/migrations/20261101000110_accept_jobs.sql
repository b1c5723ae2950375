-- Accepting work: one transaction recognizes repeated requests, refuses requests above the limits, and inserts a job
-- row, which is also the outbox entry of its event. Small functions are written in plpgsql here, because Postgres keeps
-- their plans; a function in SQL is parsed and planned again by each statement.

-- Every change of a job's state is one numbered row of its timeline.
create function private.record_job_event(p_job_id uuid, p_type text, p_data jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_sequence integer;
begin
  update public.jobs set event_count = event_count + 1, updated_at = p_now
  where id = p_job_id returning event_count into v_sequence;
  insert into public.job_events (job_id, sequence, type, at, data)
  values (p_job_id, v_sequence, p_type, p_now, coalesce(p_data, '{}'));
end
$$;

-- Refuses a requester who sends more than p_per_second requests a second. The requests of one second may all arrive at
-- once. A refused request does not count, because its transaction is rolled back.
create function private.spend_request(p_requester text, p_per_second integer, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_arrival timestamptz;
begin
  insert into private.request_rates as rates (requester, arrival_at)
  values (p_requester, p_now + interval '1 second' / p_per_second)
  on conflict (requester) do update
    set arrival_at = greatest(rates.arrival_at, p_now) + interval '1 second' / p_per_second
  returning arrival_at into v_arrival;
  if v_arrival > p_now + interval '1 second' then
    perform private.refuse(429, 'too_many_requests',
      format('More than %s requests per second', p_per_second),
      ceil(extract(epoch from v_arrival - p_now - interval '1 second'))::text);
  end if;
end
$$;

-- Returns the new job, which has the id of the request, or the job that the same requester requested with the same
-- idempotency key. p_request comes from `request()` in src/jobs/request.ts:
--   id             of the job, and of its event
--   event, data    the input of the function; functionId, when several functions are registered for the event
--   requester, owner
--   key            idempotency key; comparedData: must be equal in two requests with one key, instead of the data
--   priority       1 to 5; deadlineAt: after this time the work is skipped
--   delayMs        how long it waits before it may begin; held: it waits for private.release_jobs
--   startAt        the time before which it may not begin; two requests with one key must name the same time
--   attempts, backoffMs   tries of each step, and the delay before the second one, doubled each time
--   keepCompleted  how many of the newest completed jobs of this kind and owner that have such a number are
--                  kept
--   parentJobId    the job that it belongs to
create function private.accept_job(p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_kind private.work_kinds := private.work_kind(private.function_of_request(p_request));
  v_request jsonb := private.complete_request(p_request, v_kind);
  v_requester text := v_request ->> 'requester';
  v_job public.jobs;
begin
  -- Locks the requester's rate row first, so that two requests with one key run one after the other.
  if v_kind.per_second is not null then
    perform private.spend_request(v_requester, v_kind.per_second, p_now);
  end if;
  v_job := private.find_accepted_job(v_request);
  if v_job.id is not null then
    return v_job;
  end if;
  if v_kind.waiting is not null then
    perform private.admit(v_kind, v_request, p_now);
  end if;
  v_job := private.insert_job(v_request, p_now);
  return case when v_job.id is null then private.find_accepted_job(v_request) else v_job end;
end
$$;

-- Completes a request: adds the defaults, the fingerprint of what the caller sent (two requests are compared by their
-- fingerprints), and, to the event's data, the options that the engine needs.
create function private.complete_request(p_request jsonb, p_kind private.work_kinds)
returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
  return p_request || jsonb_build_object(
    'functionId', p_kind.function_id,
    'priority', coalesce(p_request -> 'priority', to_jsonb(p_kind.priority)),
    'data', coalesce(p_request -> 'data', '{}') || jsonb_strip_nulls(jsonb_build_object(
      'priority', coalesce(p_request -> 'priority', to_jsonb(p_kind.priority)),
      'deadlineAt', p_request -> 'deadlineAt', 'attempts', p_request -> 'attempts',
      'backoffMs', p_request -> 'backoffMs')),
    'fingerprint', case when p_request ->> 'key' is not null then
      md5((jsonb_strip_nulls(p_request - '{id,requester,owner,key,data,comparedData,parentJobId,held}'::text[])
        || jsonb_build_object('functionId', p_kind.function_id,
          'comparedData', coalesce(p_request -> 'comparedData', p_request -> 'data')))::text) end);
end
$$;

-- Accepts jobs of one function in one statement, and returns the new jobs; a job whose id exists is left out. The
-- function must have no limits, and the requests must have no idempotency keys.
create function private.accept_jobs(p_function_id text, p_requests jsonb[], p_now timestamptz)
returns setof public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_kind private.work_kinds := private.work_kind(p_function_id);
begin
  if v_kind.per_second is not null or v_kind.waiting is not null then
    raise exception 'Jobs of % have limits, so they are accepted one by one', p_function_id;
  elsif exists (select from unnest(p_requests) as request where request ->> 'key' is not null) then
    raise exception 'A job with an idempotency key is accepted alone';
  end if;
  return query
  select * from private.insert_jobs(p_function_id,
    (select array_agg(private.complete_request(request, v_kind)) from unnest(p_requests) as request), p_now);
end
$$;

-- Accepts a job that needs no rows in other tables.
create function public.accept_job(p_request jsonb, p_now timestamptz)
returns public.jobs
language sql
set search_path = ''
as $$
  select private.accept_job(p_request, p_now);
$$;

-- All jobs are inserted here: accepted jobs, jobs that are first seen when their run begins, and jobs that reprocess a
-- dead letter. Besides the fields of private.accept_job a request has: fingerprint, kind, deadLetterId, againOf, and
-- eventId and sentAt of an event that the engine already has. Priority and deadline in an event's data are used when
-- they are valid. Leaves a job out when a concurrent request with the same key, or another run of the same event, has
-- inserted the job first.
create function private.insert_jobs(p_function_id text, p_requests jsonb[], p_now timestamptz)
returns setof public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_kind private.work_kinds := private.work_kind(p_function_id);
begin
  return query
  with inserted as (
    insert into public.jobs (id, kind, function_id, event_id, event_name, event_data, requester, owner, idempotency_key,
      fingerprint, parent_job_id, dead_letter_id, again_of, event_count, priority, keep_completed, created_at, ready_at,
      due_at, deadline_at, released_at, sent_at, updated_at)
    select given.id, coalesce(request ->> 'kind', v_kind.kind), v_kind.function_id,
      coalesce(request ->> 'eventId', given.id::text), request ->> 'event', coalesce(request -> 'data', '{}'),
      request ->> 'requester', request ->> 'owner', request ->> 'key', request ->> 'fingerprint',
      (request ->> 'parentJobId')::uuid, (request ->> 'deadLetterId')::uuid, (request ->> 'againOf')::uuid, 1,
      given.priority, (request ->> 'keepCompleted')::integer, p_now, given.ready_at,
      given.ready_at + private.promise_of(given.priority),
      private.time_of(coalesce(request ->> 'deadlineAt', request -> 'data' ->> 'deadlineAt')),
      case when (request ->> 'held')::boolean is true then null
        when request ->> 'sentAt' is null and private.is_paused(v_kind.function_id) then 'infinity'
        else given.ready_at end,
      (request ->> 'sentAt')::timestamptz, p_now
    from unnest(p_requests) as request
    cross join lateral (
      select coalesce((request ->> 'id')::uuid, gen_random_uuid()) as id,
        coalesce(private.priority_of(request), private.priority_of(request -> 'data'), v_kind.priority) as priority,
        greatest((request ->> 'startAt')::timestamptz,
          p_now + coalesce((request ->> 'delayMs')::float8, 0) * interval '1 millisecond') as ready_at
    ) as given
    on conflict do nothing
    returning *
  ), timeline as (
    -- The jobs were inserted with event_count 1 for this event, because an update would write all index entries of a
    -- job again.
    insert into public.job_events (job_id, sequence, type, at, data)
    select inserted.id, 1, 'accepted', p_now, jsonb_strip_nulls(
      jsonb_build_object('deadLetterId', inserted.dead_letter_id, 'againOf', inserted.again_of))
    from inserted
  )
  select * from inserted;
end
$$;

-- Returns null when another request has inserted the job first.
create function private.insert_job(p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from private.insert_jobs(p_request ->> 'functionId', array[p_request], p_now);
  return v_job;
end
$$;

create function private.priority_of(p_said jsonb)
returns integer
language plpgsql immutable
set search_path = ''
as $$
begin
  return case when p_said -> 'priority' in ('1', '2', '3', '4', '5') then (p_said ->> 'priority')::integer end;
end
$$;

-- Parses a time in the format of JSON. Returns null for any other text, because an event's data may contain anything.
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

-- Sets a response header that asks the application to send the outbox (src/lib/database/client.ts). Every statement
-- that lets jobs begin, now or at commit, calls this function, so that its caller need not remember to send the outbox.
create function private.ask_for_outbox()
returns void
language sql
set search_path = ''
as $$
  select set_config('response.headers', '[{"x-jobs-released": "true"}]', true);
$$;

-- Releases held jobs, and returns their number. Jobs of a paused function wait until the function is resumed.
create function private.release_jobs(p_job_ids uuid[], p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
  v_paused text[];
begin
  -- The pauses are locked before the jobs, in the same order as in public.resume_work.
  select array_agg(function_id) into v_paused
  from (select distinct function_id from public.jobs where id = any (p_job_ids) order by function_id) as functions
  where private.is_paused(function_id);
  with released as (
    update public.jobs set released_at = case when function_id = any (v_paused) then 'infinity' else p_now end,
      event_count = event_count + 1, updated_at = p_now
    where id = any (p_job_ids) and released_at is null and status = 'queued'
    returning id, event_count
  )
  insert into public.job_events (job_id, sequence, type, at)
  select id, event_count, 'released', p_now from released;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    perform private.ask_for_outbox();
  end if;
  return v_count;
end
$$;

-- The job of an earlier request that had the same id (a repeated request) or the same idempotency key.
create function private.find_accepted_job(p_request jsonb)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs
  where id = (p_request ->> 'id')::uuid
    or (requester = p_request ->> 'requester' and idempotency_key = p_request ->> 'key');
  if v_job.fingerprint <> p_request ->> 'fingerprint' then
    perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another request');
  end if;
  return v_job;
end
$$;

-- The jobs in the outbox, in the order of release. Jobs that are held, or delayed beyond p_released_before, are left
-- out, and so are the jobs in p_except, which the caller has already tried to send.
create function public.unsent_jobs(
  p_accepted_before timestamptz, p_released_before timestamptz, p_limit integer, p_except uuid[] default '{}'
)
returns setof public.jobs
language sql stable
set search_path = ''
as $$
  select * from public.jobs
  where sent_at is null and status = 'queued' and released_at <= p_released_before
    and created_at <= p_accepted_before and id <> all (p_except)
  order by released_at, id limit p_limit;
$$;

create function public.mark_jobs_sent(p_job_ids uuid[], p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.jobs set sent_at = p_now where id = any (p_job_ids) and sent_at is null;
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
revoke execute on function public.accept_job, public.unsent_jobs, public.mark_jobs_sent from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.accept_job, public.unsent_jobs, public.mark_jobs_sent to service_role;
