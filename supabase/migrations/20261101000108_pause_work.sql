-- A pause keeps the jobs of one function in the outbox. Jobs that are accepted during the pause wait in the outbox too,
-- so no request is refused because of the pause. The engine finishes the work that it has already received.

create table private.pauses (
  function_id text primary key,
  paused_at timestamptz not null,
  paused_by text not null,
  constraint pauses_names_are_short check (length(function_id) between 1 and 100 and length(paused_by) <= 500)
);
alter table private.pauses enable row level security;
grant select, insert, update, delete on private.pauses to service_role;

-- The jobs that wait to begin. Jobs of paused functions are left out, because a person has decided that these jobs
-- wait.
create view private.waiting_jobs with (security_invoker = true) as
select * from public.jobs
where status = 'queued' and function_id not in (select function_id from private.pauses);
grant select on private.waiting_jobs to service_role;

-- Locks the function's pause until the caller commits, so that a resume sees every job that the pause holds.
create function private.is_paused(p_function_id text)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  perform from private.pauses where function_id = p_function_id for key share;
  return found;
end
$$;

-- Holds the jobs that are still in the outbox, and returns their number. A repeated call changes nothing.
create function public.pause_work(p_function_id text, p_by text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform private.require_function(p_function_id);
  insert into private.pauses (function_id, paused_at, paused_by) values (p_function_id, p_now, p_by)
  on conflict do nothing;
  with kept as (
    update public.jobs set released_at = 'infinity', event_count = event_count + 1, updated_at = p_now
    where function_id = p_function_id and status = 'queued' and sent_at is null and released_at < 'infinity'
    returning id, event_count
  )
  insert into public.job_events (job_id, sequence, type, at)
  select id, event_count, 'paused', p_now from kept;
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

-- Releases the held jobs, and returns their number. A delayed job keeps its delay.
create function public.resume_work(p_function_id text, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform private.require_function(p_function_id);
  delete from private.pauses where function_id = p_function_id;
  with released as (
    update public.jobs set released_at = greatest(ready_at, p_now), event_count = event_count + 1, updated_at = p_now
    where function_id = p_function_id and status = 'queued' and sent_at is null and released_at = 'infinity'
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

revoke execute on function private.is_paused, public.pause_work, public.resume_work from public, anon, authenticated;
grant execute on function private.is_paused, public.pause_work, public.resume_work to service_role;
