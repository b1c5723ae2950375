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

-- How many jobs of a class and those below it a kind began per second while work of that class waited.
create table private.paces (
  kind text not null,
  priority integer not null,
  per_second double precision not null,
  measured_at timestamptz not null,
  constraint paces_are_one_per_kind_and_class primary key (kind, priority)
) with (fillfactor = 50);

alter table private.turns enable row level security;
alter table private.paces enable row level security;
grant select, insert, update, delete on private.turns, private.paces to service_role;

-- Lets a request in by doing nothing, or refuses it. The refusal's detail says what private.give_turn needs to know:
-- {"retryAfterSeconds", "kind", "priority", "places": how many must be begun before there is room}.
create function private.admit(
  p_kind text, p_requester text, p_request text, p_limits jsonb, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_priority integer := coalesce((p_limits ->> 'priority')::integer, 3);
  v_waiting integer := (p_limits ->> 'waiting')::integer;
  -- Work that rests before it begins has that much more time until it is due.
  v_seconds float8 := 0.8 * extract(epoch from private.promise_of(v_priority))
    + coalesce((p_limits ->> 'delayMs')::float8, 0) / 1000;
  v_line record;
  v_pace float8;
begin
  if private.use_turn(p_kind, v_priority, p_requester, p_request, p_now) then
    return;
  end if;
  select * into v_line from private.look_at_line(p_kind, v_priority, v_waiting, p_now);
  if v_line.waiting >= v_waiting then
    perform private.refuse_for_now(p_kind, v_priority, v_line.waiting - v_waiting + 1,
      format('Queue full: %s jobs of kind %s wait', v_waiting, p_kind));
  end if;
  -- Critical work is refused by the end of the line alone.
  if (p_limits ->> 'byPromise')::boolean is not true or v_priority = 1 or v_line.ahead = 0 then
    return;
  end if;
  v_pace := private.pace_of(p_kind, v_priority, v_line.since, p_now);
  if v_line.ahead > v_seconds * v_pace then
    perform private.refuse_for_now(p_kind, v_priority, ceil(v_line.ahead - v_seconds * v_pace)::integer,
      'Service busy, retry later');
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

-- A kind's line as a request of this class finds it: how many wait in all, how many of them are due before it, and
-- since when somebody has been waiting there. Turns that have come are held free until they expire, so they count.
create function private.look_at_line(
  p_kind text, p_priority integer, p_most integer, p_now timestamptz,
  out waiting integer, out ahead integer, out since timestamptz
)
language sql stable
set search_path = ''
as $$
  with jobs as (
    -- What is ready is due within a day; what rests for longer is not in the line.
    select due_at <= p_now + private.promise_of(p_priority) as is_ahead, ready_at from public.jobs
    where kind = p_kind and status = 'queued' and due_at <= p_now + interval '1 day' and ready_at <= p_now
    order by due_at limit p_most
  ), line as (
    select is_ahead, ready_at from jobs
    union all
    select priority <= p_priority, null from private.turns
    where kind = p_kind and turn_at between p_now - interval '1 minute' and p_now and expires_at > p_now
  )
  select count(*)::integer, (count(*) filter (where is_ahead))::integer, min(ready_at) filter (where is_ahead)
  from line;
$$;

-- The pace of a class and those below it: how many were begun since p_since, when its line began to wait, over at most
-- five minutes. A line that began just now has nothing to measure: there the last measure counts, null when there
-- never was one. Measured every five seconds at most.
create function private.pace_of(p_kind text, p_priority integer, p_since timestamptz, p_now timestamptz)
returns double precision
language plpgsql
set search_path = ''
as $$
declare
  v_last private.paces;
  v_seconds float8 := least(extract(epoch from p_now - p_since), 300);
begin
  select * into v_last from private.paces where kind = p_kind and priority = p_priority;
  if p_since is null or v_seconds < 5 or v_last.measured_at > p_now - interval '5 seconds' then
    return v_last.per_second;
  end if;
  insert into private.paces as paces (kind, priority, per_second, measured_at)
  select p_kind, p_priority, count(*) / v_seconds, p_now from public.jobs
  where kind = p_kind and started_at > p_now - v_seconds * interval '1 second' and priority >= p_priority
  on conflict (kind, priority) do update set per_second = excluded.per_second, measured_at = p_now
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

-- A twentieth of the whole pace is left to every class, so that none waits outside for ever.
create function private.pace_for_turns(p_kind text, p_priority integer, p_now timestamptz)
returns double precision
language sql
set search_path = ''
as $$
  select greatest(private.pace_of(p_kind, p_priority, line.since, p_now),
    private.pace_of(p_kind, 1, line.since, p_now) / 20)
  from private.look_at_line(p_kind, p_priority, 10000, p_now) as line;
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
revoke execute on function public.give_turn from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
grant execute on function public.give_turn to service_role;
