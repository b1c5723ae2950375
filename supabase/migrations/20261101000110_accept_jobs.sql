-- Accepting work: one transaction that knows the caller's repeated requests, refuses what is too much, and
-- leaves a job row that is at the same time the outbox of its event.

-- Every state change of a job is one numbered row of its timeline.
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

-- Refuses a requester who is faster than p_per_second, with a burst of one second's worth. A refused request
-- costs nothing: its transaction is undone.
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

-- The new job, or the one that the same requester asked for under the same idempotency key (tell them apart by
-- the id). p_fingerprint says what makes two requests the same; left out, it is function and event data.
-- p_limits, of which everything may be left out: {"perSecond": 100, "waiting": 10000, "byPromise": true} say what is
-- too much (without "waiting" nobody is refused for want of room); "priority" is the class, 3 unless said;
-- "deadlineAt" is when nobody wants it any more; "delayMs" is how long it rests before it may begin; "held": true
-- leaves it to the room to release it. Priority and deadline travel in the event's data, where the engine and the
-- deadline middleware read them.
create function private.accept_job(
  p_job_id uuid, p_owner text, p_requester text, p_function_id text, p_event_name text, p_event_data jsonb,
  p_kind text, p_idempotency_key text, p_parent_job_id uuid, p_limits jsonb, p_now timestamptz,
  p_fingerprint text default null
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_fingerprint text := case when p_idempotency_key is not null then
    coalesce(p_fingerprint, md5(p_function_id || p_event_data::text)) end;
begin
  -- The requester's rate row is locked first, so that two requests under one key come one after the other.
  if p_limits ->> 'perSecond' is not null then
    perform private.spend_request(p_requester, (p_limits ->> 'perSecond')::integer, p_now);
  end if;
  if p_idempotency_key is not null then
    v_job := private.find_accepted_job(p_requester, p_idempotency_key, v_fingerprint);
    if v_job.id is not null then
      return v_job;
    end if;
  end if;
  if p_limits ->> 'waiting' is not null then
    perform private.admit(p_kind, p_requester, p_idempotency_key, p_limits, p_now);
  end if;
  v_job := private.insert_job(p_job_id, p_owner, p_requester, p_function_id, p_event_name, p_event_data, p_kind,
    p_idempotency_key, v_fingerprint, p_parent_job_id, p_limits, p_now);
  return case when v_job.id is null
    then private.find_accepted_job(p_requester, p_idempotency_key, v_fingerprint) else v_job end;
end
$$;

-- The job of an accepted request, with its place in time. Null when another request under the same key was faster.
create function private.insert_job(
  p_job_id uuid, p_owner text, p_requester text, p_function_id text, p_event_name text, p_event_data jsonb,
  p_kind text, p_idempotency_key text, p_fingerprint text, p_parent_job_id uuid, p_limits jsonb, p_now timestamptz
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_priority integer := coalesce((p_limits ->> 'priority')::integer, 3);
  v_ready_at timestamptz := p_now + coalesce((p_limits ->> 'delayMs')::float8, 0) * interval '1 millisecond';
begin
  insert into public.jobs (id, kind, function_id, event_id, event_name, event_data, requester, owner,
    idempotency_key, fingerprint, parent_job_id, priority, created_at, ready_at, due_at, deadline_at, released_at,
    updated_at)
  values (p_job_id, p_kind, p_function_id, p_job_id::text, p_event_name,
    coalesce(p_event_data, '{}') || jsonb_strip_nulls(jsonb_build_object(
      'priority', p_limits -> 'priority', 'deadlineAt', p_limits -> 'deadlineAt')),
    p_requester, p_owner, p_idempotency_key, p_fingerprint, p_parent_job_id, v_priority,
    p_now, v_ready_at, v_ready_at + private.promise_of(v_priority), (p_limits ->> 'deadlineAt')::timestamptz,
    case when (p_limits ->> 'held')::boolean is true then null else v_ready_at end, p_now)
  on conflict (requester, idempotency_key) where idempotency_key is not null do nothing
  returning * into v_job;
  if v_job.id is not null then
    perform private.record_job_event(v_job.id, 'accepted', '{}', p_now);
  end if;
  return v_job;
end
$$;

-- Lets held jobs begin; their events leave with the next look at the outbox. Answers how many there were.
create function private.release_jobs(p_job_ids uuid[], p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  with released as (
    update public.jobs set released_at = p_now, event_count = event_count + 1, updated_at = p_now
    where id = any (p_job_ids) and released_at is null and status = 'queued'
    returning id, event_count
  )
  insert into public.job_events (job_id, sequence, type, at)
  select id, event_count, 'released', p_now from released;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

create function private.find_accepted_job(p_requester text, p_idempotency_key text, p_fingerprint text)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs
  where requester = p_requester and idempotency_key = p_idempotency_key;
  if v_job.id is not null and v_job.fingerprint <> p_fingerprint then
    perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another request');
  end if;
  return v_job;
end
$$;

-- What the outbox still holds, in the order of release. Jobs that are held or delayed beyond p_released_before stay
-- where they are.
create function public.unsent_jobs(
  p_accepted_before timestamptz, p_released_before timestamptz, p_limit integer
)
returns setof public.jobs
language sql stable
set search_path = ''
as $$
  select * from public.jobs
  where sent_at is null and status = 'queued' and released_at <= p_released_before
    and created_at <= p_accepted_before
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
revoke execute on function public.unsent_jobs, public.mark_jobs_sent from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.unsent_jobs, public.mark_jobs_sent to service_role;
