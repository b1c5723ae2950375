-- A kind of work describes the jobs of one function: their name in lists and queues, their limits, and the SQL function
-- that is called when a job ends. Each room's migration registers its kinds. A function that is not registered has a
-- kind with the function's name and the usual limits, and nothing is called when its jobs end.

create table private.work_kinds (
  function_id text primary key,
  event_name text not null,
  kind text not null,
  -- What the function does, in one sentence for people. Null for the function of a part, which has no jobs of its own.
  summary text,
  -- A function (public.jobs, timestamptz) that is called at commit for every job of this kind that has ended, whatever
  -- its status. Other jobs may have ended in the same transaction, and the calls for them may follow later.
  after_end text,
  -- A function (public.dead_letter_queue, timestamptz) that is called when a dead letter of this kind is ignored. The
  -- work of the dead letter stays undone, and the called function lets the rest of the job end.
  after_ignore text,
  -- For work in parts: a function (public.job_parts, text, timestamptz) that is called with the administrator's note
  -- when the dead letter of a part is ignored. The function updates the room's own rows, and returns how many
  -- unfinished rows got which status, {"skipped": 3}.
  on_skip text,
  -- For work in parts: a function (public.job_parts, timestamptz) that is called when an administrator reprocesses the dead
  -- letter of a part.
  on_reopen text,
  -- A function (public.jobs[]) that returns a table (job_id uuid, subject text). The subject tells people what a job is
  -- about, such as the name of its campaign. The function is called once for all jobs of the kind in a list, and must
  -- not fail on invalid event data.
  subjects text,
  -- The priority of work whose request names no priority.
  priority integer not null,
  -- Requests per second and requester; null: unlimited.
  per_second integer,
  -- How many jobs of the kind may wait; null: unlimited.
  waiting integer,
  -- Whether a request is refused when its work cannot begin within the promise of its class.
  by_promise boolean not null,
  -- How many ended jobs of the kind are kept.
  keep_completed integer not null,
  keep_failed integer not null,
  -- The field of public.count_open's result that counts the running jobs of this kind. Null: no field counts them.
  counted_as text,
  constraint work_kinds_priority_is_valid check (priority between 1 and 5),
  constraint work_kinds_limits_let_some_in check (per_second > 0 and waiting > 0),
  constraint work_kinds_keep_something check (keep_completed > 0 and keep_failed > 0)
);
create index work_kinds_by_event on private.work_kinds (event_name);
alter table private.work_kinds enable row level security;
grant select, insert, update, delete on private.work_kinds to service_role;

-- The limits of most kinds (S3-11, S3-12).
create function private.usual_work_kind(p_function_id text)
returns private.work_kinds
language sql immutable
set search_path = ''
as $$
  select p_function_id, '', p_function_id, null::text, null::text, null::text, null::text, null::text, null::text, 3, 100, 10000, true, 1000, 5000, null::text;
$$;

create function private.work_kind(p_function_id text)
returns private.work_kinds
language plpgsql stable
set search_path = ''
as $$
declare
  v_kind private.work_kinds;
begin
  select * into v_kind from private.work_kinds where function_id = p_function_id;
  return case when v_kind.function_id is null then private.usual_work_kind(p_function_id) else v_kind end;
end
$$;

-- p_kind has the columns of work_kinds; function_id and event_name are required: select
-- private.register_work_kind('{"function_id": "measure-list", "event_name": "list/measure"}');
create function private.register_work_kind(p_kind jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_kind private.work_kinds := jsonb_populate_record(private.usual_work_kind(p_kind ->> 'function_id'), p_kind);
begin
  if coalesce(v_kind.event_name, '') = '' then
    raise exception 'The kind of work % names no event', p_kind;
  elsif v_kind.after_end is not null
    and to_regprocedure(v_kind.after_end || '(public.jobs, timestamptz)') is null
    or v_kind.after_ignore is not null
    and to_regprocedure(v_kind.after_ignore || '(public.dead_letter_queue, timestamptz)') is null
    or v_kind.on_skip is not null
    and to_regprocedure(v_kind.on_skip || '(public.job_parts, text, timestamptz)') is null
    or v_kind.on_reopen is not null
    and to_regprocedure(v_kind.on_reopen || '(public.job_parts, timestamptz)') is null
    or v_kind.subjects is not null
    and to_regprocedure(v_kind.subjects || '(public.jobs[])') is null
  then
    raise exception 'The kind of work % names a function that does not exist', p_kind;
  end if;
  delete from private.work_kinds where function_id = v_kind.function_id;
  insert into private.work_kinds select v_kind.*;
end
$$;

-- The function of a request: the function that the request names, or else the only function that is registered for the
-- event.
create function private.function_of_request(p_request jsonb)
returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_function_ids text[];
begin
  if p_request ->> 'functionId' is not null then
    return p_request ->> 'functionId';
  end if;
  select array_agg(function_id) into v_function_ids from private.work_kinds where event_name = p_request ->> 'event';
  if cardinality(v_function_ids) is distinct from 1 then
    perform private.refuse(500, 'configuration', format('%s functions are registered for %s: the request must name one',
      coalesce(cardinality(v_function_ids), 0), p_request ->> 'event'));
  end if;
  return v_function_ids[1];
end
$$;

revoke execute on function private.usual_work_kind, private.work_kind, private.register_work_kind,
  private.function_of_request from public, anon, authenticated;
grant execute on function private.usual_work_kind, private.work_kind, private.register_work_kind,
  private.function_of_request to service_role;
