-- Maintenance is work that only touches the database, in bounded batches. Housekeeping calls run_maintenance for each
-- task that is due, and pg_cron may call it too (supabase/optional). The tables of this file: sessions of the site's
-- users, and their tokens for signing in, resetting a password or confirming an address.

create table public.sessions (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  created_at timestamptz not null,
  -- When the session was last used.
  updated_at timestamptz not null,
  expires_at timestamptz not null,
  constraint sessions_name_their_user check (length(user_id) between 1 and 200)
);
create index sessions_by_use on public.sessions (updated_at);
create index sessions_by_end on public.sessions (expires_at);
create index sessions_by_user on public.sessions (user_id);

create table public.auth_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id text not null,
  purpose text not null,
  -- The token itself is not stored.
  token_hash text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint auth_tokens_name_their_user check (length(user_id) between 1 and 200),
  constraint auth_tokens_purpose_is_valid check (purpose in ('sign_in', 'reset_password', 'confirm_address')),
  constraint auth_tokens_are_sha256 check (token_hash ~ '^[0-9a-f]{64}$'),
  constraint auth_tokens_are_unique unique (token_hash)
);
create index auth_tokens_by_end on public.auth_tokens (expires_at);

alter table public.sessions enable row level security;
alter table public.auth_tokens enable row level security;
revoke all on public.sessions, public.auth_tokens from anon, authenticated;
grant select, insert, update, delete on public.sessions, public.auth_tokens to service_role;
grant select on public.sessions to authenticated;
create policy sessions_are_read_by_their_user on public.sessions for select to authenticated
  using (user_id = (select auth.jwt()) ->> 'sub');

-- The users who had the most work in the last seven days. The result is stored, because counting takes long.
create table public.busiest_users (
  owner text primary key,
  job_count integer not null,
  failed_count integer not null,
  last_job_at timestamptz not null,
  refreshed_at timestamptz not null
);
alter table public.busiest_users enable row level security;
revoke all on public.busiest_users from anon, authenticated;
grant select, insert, update, delete on public.busiest_users to service_role;

-- Deletes sessions that were not used for 30 days.
create function private.clean_unused_sessions(p_limit integer, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('deletedCount',
    private.delete_rows_before('public.sessions', 'updated_at', p_now - interval '30 days', p_limit));
$$;

-- Deletes sessions whose end has passed, and audit logs that are older than 90 days.
create function private.clean_daily(p_limit integer, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('deletedSessions',
    private.delete_rows_before('public.sessions', 'expires_at', p_now, p_limit))
    || private.clean_audit_logs(p_limit, p_now);
$$;

-- Deletes tokens that expired more than seven days ago.
create function private.clean_expired_tokens(p_limit integer, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object('deletedCount',
    private.delete_rows_before('public.auth_tokens', 'expires_at', p_now - interval '7 days', p_limit));
$$;

-- Stores the 100 users with the most jobs of the last seven days.
create function private.refresh_busiest_users(p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.busiest_users where true;
  insert into public.busiest_users (owner, job_count, failed_count, last_job_at, refreshed_at)
  select owner, count(*), count(*) filter (where status = 'failed'), max(created_at), p_now
  from public.jobs where owner is not null and created_at > p_now - interval '7 days'
  group by owner order by count(*) desc, owner limit 100;
  get diagnostics v_count = row_count;
  return jsonb_build_object('refreshedCount', v_count);
end
$$;

insert into private.maintenance_tasks (name, function, at_least_every) values
  ('cleanup-sessions', 'private.clean_unused_sessions', '25 hours'),
  ('daily-cleanup', 'private.clean_daily', '25 hours'),
  ('cleanup-expired-tokens', 'private.clean_expired_tokens', '25 hours'),
  ('refresh-cache', 'private.refresh_busiest_users', '1 hour');

-- Runs one batch of a task. Returns its counts.
create function private.run_task_batch(p_task private.maintenance_tasks, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_counts jsonb;
  v_result jsonb;
begin
  execute format('select %s($1, $2)', p_task.function) into v_counts using p_limit, p_now;
  -- add_counts leaves out counts of zero; the counts of this batch put them back.
  v_result := v_counts || private.add_counts(p_task.result, v_counts);
  if exists (select from jsonb_each_text(v_counts) where value::bigint >= p_limit) then
    update private.maintenance_tasks set result = v_result where name = p_task.name;
    return v_counts;
  end if;
  update private.maintenance_tasks
  set result = v_result, run_at = p_now, wanted_at = null, schedule = null, slot_at = null
  where name = p_task.name;
  update public.schedule_ticks set result = v_result
  where schedule = p_task.schedule and slot_at = p_task.slot_at and fate = 'fired';
  return v_counts;
end
$$;

-- When the task must run, in the past or the future: the time at which a schedule or an operator asked for it
-- (wanted_at), or else its last run plus at_least_every. Null when nothing has asked for a run, and the task waits for
-- the first slot of its schedule, or its schedule is paused.
create function private.next_run_of_task(p_task private.maintenance_tasks)
returns timestamptz
language sql stable
set search_path = ''
as $$
  select coalesce(p_task.wanted_at, (select p_task.run_at + p_task.at_least_every where not exists (
    select from public.schedules where name = p_task.name and paused_at is not null)));
$$;

-- The names of the tasks that a schedule has asked for, or that have not run for too long. A task that keeps failing has
-- the oldest run, so it comes last and cannot take the time of the others.
create function public.due_maintenance(p_now timestamptz)
returns setof text
language plpgsql
set search_path = ''
as $$
begin
  -- A new task waits for its first slot.
  update private.maintenance_tasks set run_at = p_now where run_at is null;
  return query
  select name from private.maintenance_tasks as task
  where wanted_at is not null or private.next_run_of_task(task) < p_now order by run_at desc, name;
end
$$;

-- Runs one batch of a task. Each task is a statement of its own, so that a task that is slower than the statement timeout
-- loses only its own batch. Returns {"counts": {"deletedCount": 3}, "hasMore": whether the task is still due}. Does
-- nothing when the task is not due, or when another caller is running it.
create function public.run_maintenance(p_task text, p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_task private.maintenance_tasks;
  v_counts jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('maintenance ' || p_task, 0))
    or p_task not in (select public.due_maintenance(p_now))
  then
    return '{"counts": {}, "hasMore": false}';
  end if;
  select * into v_task from private.maintenance_tasks where name = p_task;
  v_counts := private.run_task_batch(v_task, p_limit, p_now);
  return jsonb_build_object('counts', v_counts, 'hasMore', p_task in (select public.due_maintenance(p_now)));
end
$$;

create function public.list_busiest_users(p_limit integer)
returns setof public.busiest_users
language sql stable
set search_path = ''
as $$
  select * from public.busiest_users order by job_count desc, owner limit p_limit;
$$;

revoke execute on function private.clean_unused_sessions, private.clean_daily, private.clean_expired_tokens,
  private.refresh_busiest_users, private.run_task_batch, private.next_run_of_task, public.due_maintenance,
  public.run_maintenance, public.list_busiest_users from public, anon, authenticated;
grant execute on function private.clean_unused_sessions, private.clean_daily, private.clean_expired_tokens,
  private.refresh_busiest_users, private.run_task_batch, private.next_run_of_task, public.due_maintenance,
  public.run_maintenance, public.list_busiest_users to service_role;
