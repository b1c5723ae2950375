-- Admission: we accept only what we can promise. A request is refused when the work that is due before it cannot be
-- begun within four fifths of its promise at the pace measured last, and everybody when a kind's line is full. Lower
-- classes meet that first: their pace is what the higher ones leave over.
--
-- Who is refused gets a turn: come back then, and you are let in. Turns lie at four fifths of the pace apart, so that
-- those who come back and those who come anew do not together ask for more than there is.

create table private.turns (
  id bigint generated always as identity primary key,
  kind text not null,
  priority integer not null,
  requester text not null,
  -- The idempotency key of the refused request; null: any request of the requester that has none.
  request text,
  turn_at timestamptz not null,
  expires_at timestamptz not null,
  constraint turns_expire_after_they_came check (expires_at > turn_at)
);
create unique index turns_one_per_request
  on private.turns (requester, kind, priority, request) where request is not null;
create index turns_by_requester on private.turns (requester, kind, priority, turn_at);
create index turns_last_of_class on private.turns (kind, priority, turn_at);
create index turns_that_have_come on private.turns (kind, turn_at) include (priority, expires_at);

-- How many jobs of a class and those below it a kind began per second while somebody waited. Null: nobody who waited
-- has begun yet.
create table private.paces (
  kind text not null,
  priority integer not null,
  per_second double precision,
  measured_at timestamptz not null,
  constraint paces_are_one_per_kind_and_class primary key (kind, priority)
) with (fillfactor = 50);

alter table private.turns enable row level security;
alter table private.paces enable row level security;
grant select, insert, update, delete on private.turns, private.paces to service_role;

-- Lets a request in by doing nothing, or refuses it. The refusal's detail says what private.give_turn needs to know:
-- {"retryAfterSeconds", "kind", "priority", "places": how many must be begun before there is room}.
create function private.admit(p_kind private.work_kinds, p_request jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_priority integer := (p_request ->> 'priority')::integer;
  v_most integer := p_kind.waiting;
  v_waiting integer;
  -- How many may be due before it. Work that rests before it begins has that much more time until it is due.
  v_room float8;
begin
  if private.use_turn(p_kind.kind, v_priority, p_request ->> 'requester', p_request ->> 'key', p_now) then
    return;
  end if;
  v_waiting := private.count_waiting(p_kind.kind, v_most, p_now);
  if v_waiting >= v_most then
    perform private.refuse_for_now(p_kind.kind, v_priority, 1,
      format('Queue full: %s jobs of kind %s wait', v_most, p_kind.kind));
  end if;
  -- Critical work is refused by the end of the line alone.
  if not p_kind.by_promise or v_priority = 1 or v_waiting = 0 then
    return;
  end if;
  v_room := private.pace_of(p_kind.kind, v_priority, p_now) * (0.8 * extract(epoch from private.promise_of(v_priority))
    + coalesce((p_request ->> 'delayMs')::float8, 0) / 1000);
  if v_room is null or v_room >= v_most then
    return;
  end if;
  -- One more than there is room for tells enough; how many more must begin first is asked for a refusal alone.
  if private.count_ahead(p_kind.kind, v_priority, floor(v_room)::integer + 1, p_now) > v_room then
    perform private.refuse_for_now(p_kind.kind, v_priority,
      ceil(private.count_ahead(p_kind.kind, v_priority, v_most, p_now) - v_room)::integer, 'Service busy, retry later');
  end if;
end
$$;

-- S3-14: 30 s, for whoever gets no turn.
create function private.refuse_for_now(p_kind text, p_priority integer, p_places integer, p_message text)
returns void
language sql
set search_path = ''
as $$
  select private.refuse(503, 'queue_full', p_message, jsonb_build_object(
    'retryAfterSeconds', 30, 'kind', p_kind, 'priority', p_priority, 'places', p_places)::text);
$$;

-- How many of a kind wait, p_most at most. Turns that have come are held free until they expire, so they count. Nobody
-- is locked out while it is counted: requests that come in the same moment may pass the end of the line together.
create function private.count_waiting(p_kind text, p_most integer, p_now timestamptz)
returns integer
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select count(*) from (
      -- What is ready is due within a day; what rests for longer is not in the line.
      select from public.jobs
      where kind = p_kind and status = 'queued' and due_at <= p_now + interval '1 day' and ready_at <= p_now
      union all
      select from private.turns
      where kind = p_kind and turn_at between p_now - interval '1 minute' and p_now and expires_at > p_now
      limit p_most) as line);
end
$$;

-- How many of them are due before a request of this class, p_most at most. What the outbox still holds stands in no
-- line: while the engine is away, its pace promises nothing and denies nothing. Nor does what is an hour late: its
-- event was lost, or the engine keeps it back.
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
      select from private.turns
      where kind = p_kind and priority <= p_priority
        and turn_at between p_now - interval '1 minute' and p_now and expires_at > p_now
      limit p_most) as line);
end
$$;

-- The pace of a class and those below it: how many began while the last one who waited did so, over how long that was,
-- five minutes at most. Who never began measures nothing, nor who began within five seconds: without anybody else
-- the last measure counts, null when there never was one (and a pace of nothing does not outlive the line that left
-- nothing). Measured every five seconds at most.
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
    -- Time in the outbox was spent in no line.
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

-- Whether the requester has a turn that has come; it is used up. A turn of this very request that has not come yet
-- goes too, in case there is room all the same; a refusal undoes that.
create function private.use_turn(
  p_kind text, p_priority integer, p_requester text, p_request text, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_has_come boolean;
begin
  delete from private.turns where id = (
    select id from private.turns
    where requester = p_requester and kind = p_kind and priority = p_priority
      and request is not distinct from p_request and expires_at > p_now
      and (request is not null or turn_at <= p_now)
    order by turn_at limit 1 for update skip locked)
  returning turn_at <= p_now into v_has_come;
  return coalesce(v_has_come, false);
end
$$;

-- After a refusal, in a transaction of its own: the requester's turn, in whole seconds from now. A request that is
-- refused again keeps the turn it has. Null when nothing moves: then nobody can say when.
create function public.give_turn(
  p_kind text, p_priority integer, p_requester text, p_request text, p_places integer, p_now timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_turn_at timestamptz;
  v_pace float8;
begin
  -- One at a time in each line, so that no two get the same turn.
  perform pg_advisory_xact_lock(hashtextextended(p_kind || p_priority, 0));
  delete from private.turns where kind = p_kind and priority = p_priority and expires_at <= p_now;
  v_turn_at := private.known_turn(p_kind, p_priority, p_requester, p_request);
  if v_turn_at is null then
    v_pace := 0.8 * private.pace_for_turns(p_kind, p_priority, p_now);
    if coalesce(v_pace, 0) = 0 then
      return null;
    end if;
    v_turn_at := greatest(p_now + p_places / v_pace * interval '1 second',
      (select max(turn_at) from private.turns where kind = p_kind and priority = p_priority)
        + interval '1 second' / v_pace);
    insert into private.turns (kind, priority, requester, request, turn_at, expires_at)
    values (p_kind, p_priority, p_requester, p_request, v_turn_at,
      v_turn_at + greatest(interval '15 seconds', least(interval '1 minute', private.promise_of(p_priority) / 4)));
  end if;
  return greatest(1, ceil(extract(epoch from v_turn_at - p_now)))::integer;
end
$$;

-- The turn that this request has already. A requester who has a thousand gets no more: the last one is the answer.
create function private.known_turn(p_kind text, p_priority integer, p_requester text, p_request text)
returns timestamptz
language sql stable
set search_path = ''
as $$
  select coalesce(
    (select turn_at from private.turns
     where requester = p_requester and kind = p_kind and priority = p_priority and request = p_request),
    (select max(turn_at) from private.turns
     where requester = p_requester and kind = p_kind and priority = p_priority having count(*) >= 1000));
$$;

-- A twentieth of the whole pace is left to every class, so that none waits outside for ever. Null when nobody has
-- begun for five minutes.
create function private.pace_for_turns(p_kind text, p_priority integer, p_now timestamptz)
returns double precision
language sql
set search_path = ''
as $$
  select greatest(private.pace_of(p_kind, p_priority, p_now), private.pace_of(p_kind, 1, p_now) / 20)
  where exists (select from public.jobs where kind = p_kind and started_at > p_now - interval '5 minutes');
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
revoke execute on function public.give_turn from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.give_turn to service_role;
