-- Admission: a request is accepted only when its work can begin as its class promises. A request is refused
--   - when as many jobs of its kind wait as may wait, or
--   - when more jobs are due before it than can begin within four fifths of its promise, at the pace measured last. (A
--     class gets only the pace that higher classes leave, so lower classes are refused first.)
--
-- A refused request gets a reservation for a later time: it is admitted when it is repeated at that time. Without
-- reservations, new requests would take all free capacity, and a client that obeys Retry-After would never be admitted.
-- A test that sends ten times more work than can be done (tests/workflows/overload) admitted 0 of 1,240 returning
-- requests without reservations, and 38 of 38 with reservations. The time between two reservations is 1 / (four fifths
-- of the pace), so that a fifth of the pace is left to new requests.

create table private.reservations (
  id bigint generated always as identity primary key,
  kind text not null,
  priority integer not null,
  requester text not null,
  -- The idempotency key of the refused request. Null: the reservation is for any request of the requester without a
  -- key.
  request text,
  admit_at timestamptz not null,
  expires_at timestamptz not null,
  constraint reservations_expire_after_they_begin check (expires_at > admit_at)
);
create unique index reservations_one_per_request
  on private.reservations (requester, kind, priority, request) where request is not null;
create index reservations_by_requester on private.reservations (requester, kind, priority, admit_at);
create index reservations_last_of_class on private.reservations (kind, priority, admit_at);
create index reservations_that_have_begun on private.reservations (kind, admit_at) include (priority, expires_at);

-- The pace of a kind and class: how many jobs of the kind, of this class and the classes below it, began per second
-- while the last measured job waited. Null: no job that waited has been measured yet.
create table private.paces (
  kind text not null,
  priority integer not null,
  per_second double precision,
  measured_at timestamptz not null,
  constraint paces_are_one_per_kind_and_class primary key (kind, priority)
) with (fillfactor = 50);

alter table private.reservations enable row level security;
alter table private.paces enable row level security;
grant select, insert, update, delete on private.reservations, private.paces to service_role;

-- Raises an error unless the request is admitted. The error's detail is what public.reserve_admission needs:
-- {"retryAfterSeconds", "kind", "priority", "places": how many jobs must begin before one more may wait}.
create function private.admit(p_kind private.work_kinds, p_request jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_priority integer := (p_request ->> 'priority')::integer;
  v_most integer := p_kind.waiting;
  v_waiting integer;
  -- How many jobs may be due before the requested job. A delayed job may have more jobs before it, because its delay is
  -- added to its promise.
  v_room float8;
begin
  if private.use_reservation(p_kind.kind, v_priority, p_request ->> 'requester', p_request ->> 'key', p_now) then
    return;
  end if;
  v_waiting := private.count_waiting(p_kind.kind, v_most, p_now);
  if v_waiting >= v_most then
    perform private.refuse_for_now(p_kind.kind, v_priority, 1,
      format('Queue full: %s jobs of kind %s wait', v_most, p_kind.kind));
  end if;
  -- Critical work, and work of a paused function, is refused only when the queue is full.
  if not p_kind.by_promise or v_priority = 1 or v_waiting = 0 or private.is_paused(p_kind.function_id) then
    return;
  end if;
  v_room := private.pace_of(p_kind.kind, v_priority, p_now) * (0.8 * extract(epoch from private.promise_of(v_priority))
    + greatest((p_request ->> 'delayMs')::float8 / 1000,
      extract(epoch from (p_request ->> 'startAt')::timestamptz - p_now)::float8, 0));
  if v_room is null or v_room >= v_most then
    return;
  end if;
  -- The count stops at one more than the limit; only a refusal needs the full count.
  if private.count_ahead(p_kind.kind, v_priority, floor(v_room)::integer + 1, p_now) > v_room then
    perform private.refuse_for_now(p_kind.kind, v_priority,
      ceil(private.count_ahead(p_kind.kind, v_priority, v_most, p_now) - v_room)::integer, 'Service busy, retry later');
  end if;
end
$$;

-- S3-14: Retry-After is 30 s for a request without a reservation.
create function private.refuse_for_now(p_kind text, p_priority integer, p_places integer, p_message text)
returns void
language sql
set search_path = ''
as $$
  select private.refuse(503, 'queue_full', p_message, jsonb_build_object(
    'retryAfterSeconds', 30, 'kind', p_kind, 'priority', p_priority, 'places', p_places)::text);
$$;

-- How many jobs of a kind wait, at most p_most. A reservation whose time has come counts as a waiting job until it
-- expires, because its capacity is kept free. The count takes no lock, so simultaneous requests may together exceed the
-- limit.
create function private.count_waiting(p_kind text, p_most integer, p_now timestamptz)
returns integer
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select count(*) from (
      -- The condition on due_at lets Postgres use the index. It excludes no job, because a ready job is due within a
      -- day.
      select from public.jobs
      where kind = p_kind and status = 'queued' and due_at <= p_now + interval '1 day' and ready_at <= p_now
      union all
      select from private.reservations
      where kind = p_kind and admit_at between p_now - interval '1 minute' and p_now and expires_at > p_now
      limit p_most) as line);
end
$$;

-- How many waiting jobs are due before a new request of this class, at most p_most. Two sorts of jobs do not count:
--   - those in the outbox, because the engine has not received them, so its pace does not apply to them;
--   - those that are an hour late, because their event was lost, or the engine delays it.
create function private.count_ahead(p_kind text, p_priority integer, p_most integer, p_now timestamptz)
returns integer
language plpgsql stable
set search_path = ''
as $$
declare
  v_due_at timestamptz := p_now + private.promise_of(p_priority);
begin
  return (
    select count(*) from (
      select from public.jobs
      where kind = p_kind and status = 'queued' and due_at between p_now - interval '1 hour' and v_due_at
        and ready_at <= p_now and (sent_at is not null or released_at is null)
      union all
      select from private.reservations
      where kind = p_kind and priority <= p_priority
        and admit_at between p_now - interval '1 minute' and p_now and expires_at > p_now
      limit p_most) as line);
end
$$;

-- The pace of a class and the classes below it, in jobs per second. The pace is measured with the last job that waited
-- and then began: the number of jobs that began while this job waited, divided by its waiting time (at most the last
-- five minutes).
-- - A job that waited for less than five seconds is not measured.
-- - Without a new measurement the last one stays, except a pace of 0, which was true of an earlier queue only.
-- - The pace is measured at most every five seconds. Null: never measured.
create function private.pace_of(p_kind text, p_priority integer, p_now timestamptz)
returns double precision
language plpgsql
set search_path = ''
as $$
declare
  v_last private.paces;
begin
  select * into v_last from private.paces where kind = p_kind and priority = p_priority;
  if v_last.measured_at > p_now - interval '5 seconds' then
    return v_last.per_second;
  end if;
  with waiter as (
    select began_at, greatest(came_at, began_at - interval '5 minutes') as came_at
    from public.jobs
    -- A job waits in the queue from the time when the engine has it.
    cross join lateral (
      select started_at as began_at, ready_at + greatest(sent_at - released_at, interval '0') as came_at) as wait
    where kind = p_kind and started_at > p_now - interval '5 minutes' and began_at - came_at >= interval '5 seconds'
    order by started_at desc limit 1
  )
  insert into private.paces as paces (kind, priority, per_second, measured_at)
  select p_kind, p_priority, (
    select (select count(*) from public.jobs where kind = p_kind and priority >= p_priority
      and started_at > came_at and started_at <= began_at) / extract(epoch from began_at - came_at)
    from waiter), p_now
  on conflict (kind, priority) do update
    set per_second = coalesce(excluded.per_second, nullif(paces.per_second, 0)), measured_at = p_now
  returning per_second into v_last.per_second;
  return v_last.per_second;
end
$$;

-- Deletes the requester's reservation whose time has come, and returns whether there was one. Also deletes a later
-- reservation of this request, because the request may be admitted before that time; a refusal rolls this deletion
-- back.
create function private.use_reservation(
  p_kind text, p_priority integer, p_requester text, p_request text, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_has_come boolean;
begin
  delete from private.reservations where id = (
    select id from private.reservations
    where requester = p_requester and kind = p_kind and priority = p_priority
      and request is not distinct from p_request and expires_at > p_now
      and (request is not null or admit_at <= p_now)
    order by admit_at limit 1 for update skip locked)
  returning admit_at <= p_now into v_has_come;
  return coalesce(v_has_come, false);
end
$$;

-- Runs after a refusal, in its own transaction: returns in how many whole seconds the request will be admitted. A
-- request that is refused again keeps its reservation. Returns null when no job has begun for five minutes, because the
-- time is then unknown.
create function public.reserve_admission(
  p_kind text, p_priority integer, p_requester text, p_request text, p_places integer, p_now timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_admit_at timestamptz;
  v_pace float8;
begin
  -- Serializes reservations of one kind and class, so that no two are for the same time.
  perform pg_advisory_xact_lock(hashtextextended(p_kind || p_priority, 0));
  delete from private.reservations where kind = p_kind and priority = p_priority and expires_at <= p_now;
  v_admit_at := private.known_reservation(p_kind, p_priority, p_requester, p_request);
  if v_admit_at is null then
    v_pace := 0.8 * private.pace_for_reservations(p_kind, p_priority, p_now);
    if coalesce(v_pace, 0) = 0 then
      return null;
    end if;
    v_admit_at := greatest(p_now + p_places / v_pace * interval '1 second',
      (select max(admit_at) from private.reservations where kind = p_kind and priority = p_priority)
        + interval '1 second' / v_pace);
    insert into private.reservations (kind, priority, requester, request, admit_at, expires_at)
    values (p_kind, p_priority, p_requester, p_request, v_admit_at,
      v_admit_at + greatest(interval '15 seconds', least(interval '1 minute', private.promise_of(p_priority) / 4)));
  end if;
  return greatest(1, ceil(extract(epoch from v_admit_at - p_now)))::integer;
end
$$;

-- The time that is already reserved for this request. A requester with a thousand reservations gets no new one, but the
-- time of its last reservation.
create function private.known_reservation(p_kind text, p_priority integer, p_requester text, p_request text)
returns timestamptz
language sql stable
set search_path = ''
as $$
  select coalesce(
    (select admit_at from private.reservations
     where requester = p_requester and kind = p_kind and priority = p_priority and request = p_request),
    (select max(admit_at) from private.reservations
     where requester = p_requester and kind = p_kind and priority = p_priority having count(*) >= 1000));
$$;

-- Every class gets at least a twentieth of the whole pace, so that every request is admitted at some time. Null when no
-- job has begun for five minutes.
create function private.pace_for_reservations(p_kind text, p_priority integer, p_now timestamptz)
returns double precision
language sql
set search_path = ''
as $$
  select greatest(private.pace_of(p_kind, p_priority, p_now), private.pace_of(p_kind, 1, p_now) / 20)
  where exists (select from public.jobs where kind = p_kind and started_at > p_now - interval '5 minutes');
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
revoke execute on function public.reserve_admission from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.reserve_admission to service_role;
