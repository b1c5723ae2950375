-- Following the ledger live. A position is a snapshot of transactions as text ("1000:1010:1003"): a reader with this
-- position has seen exactly the transactions that the snapshot contains. A sequence number cannot be a position: the
-- number is given before the commit, so a read of "all rows after number n" would miss rows that commit late. A read of
-- "all rows that the snapshot does not contain" misses no row and waits for no transaction: a transaction that stays
-- open for minutes delays only its own rows.

-- The transaction that wrote the row. In a restored copy, the transaction's number may be higher than the numbers of
-- all transactions of this database. Such a row counts as old.
alter table public.job_events add column xid xid8 not null default pg_current_xact_id();
create index job_events_by_transaction on public.job_events (xid);
create index jobs_unfinished on public.jobs (created_at desc, id desc)
  include (function_id, status, ready_at, started_at) where ended_at is null;

-- The current state of everything that changed since a position, in one statement: {position, isComplete, jobs: [{job,
-- runs, events}], running: [job], notifications: [{owner, view}]}. `running` has what changes without an event:
-- progress, pauses, blocks and errors of parts, of the 200 running jobs that were updated last. isComplete is false
-- after more than p_limit events, or when the position is from another database: then the reader must take a snapshot
-- instead. p_owner null sees every job, p_reader null all notifications.
create function public.read_changes(p_position text, p_owner text, p_reader text, p_limit integer)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_from pg_snapshot := p_position::pg_snapshot;
  v_now pg_snapshot := pg_current_snapshot();
  v_ids uuid[];
  v_is_complete boolean;
  v_subjects jsonb;
begin
  select coalesce(array_agg(distinct job_id), '{}'), count(*) <= p_limit into v_ids, v_is_complete
  from (
    select job_id from public.job_events
    where xid >= pg_snapshot_xmin(v_from)
      and not pg_visible_in_snapshot(xid, v_from) and pg_visible_in_snapshot(xid, v_now)
    order by xid limit p_limit + 1) as news;
  if not v_is_complete or pg_snapshot_xmax(v_from) > pg_snapshot_xmax(v_now) then
    return jsonb_build_object('position', v_now::text, 'isComplete', false,
      'jobs', '[]'::jsonb, 'running', '[]'::jsonb, 'notifications', '[]'::jsonb);
  end if;
  select private.job_subjects(array_agg(jobs)) into v_subjects
  from public.jobs where id = any (v_ids) and (p_owner is null or owner = p_owner);
  return jsonb_build_object(
    'position', v_now::text,
    'isComplete', true,
    'jobs', coalesce((
      select jsonb_agg(private.job_details(jobs, v_subjects -> id::text) #- '{job,event_data}' order by created_at, id)
      from public.jobs where id = any (v_ids) and (p_owner is null or owner = p_owner)), '[]'),
    'running', coalesce((
      select jsonb_agg(to_jsonb(moving) - array['event_data', 'result', 'error'])
      from (
        select jobs.*, private.job_waits_until(jobs) as waiting_until, private.job_last_error(jobs) as last_error,
          private.job_blocked(jobs) as blocked
        from public.jobs
        where status = 'running' and progress_total is not null and (p_owner is null or owner = p_owner)
        order by updated_at desc limit 200) as moving), '[]'),
    'notifications', coalesce((
      select jsonb_agg(jsonb_build_object('owner', owner, 'view', private.notification_view(notifications))
        order by created_at, id)
      from public.notifications
      where xid >= pg_snapshot_xmin(v_from)
        and not pg_visible_in_snapshot(xid, v_from) and pg_visible_in_snapshot(xid, v_now)
        and (p_reader is null or owner = p_reader)), '[]'));
end
$$;

-- The first state of a client that follows jobs: {position, jobs, notifications}. The jobs are the newest 100 that
-- match, and the newest 500 unfinished ones that match; all come after p_before_at and p_before_id in the list, when
-- these are given. The notifications are the reader's unread ones.
create function public.read_live_snapshot(
  p_owner text, p_reader text, p_status text, p_kind text, p_function_id text, p_requester text,
  p_parent_job_id uuid, p_search text, p_from timestamptz, p_to timestamptz, p_before_at timestamptz, p_before_id uuid
)
returns jsonb
language sql stable
set search_path = ''
as $$
  with newest as (
    select id from private.find_jobs(p_owner, p_status, p_kind, p_function_id, p_requester, p_parent_job_id,
      p_search, false, p_from, p_to, p_before_at, p_before_id, 100)
  ), unfinished as (
    select id from private.find_jobs(p_owner, p_status, p_kind, p_function_id, p_requester, p_parent_job_id,
      p_search, true, p_from, p_to, p_before_at, p_before_id, 500)
  ), shown as materialized (
    select jobs from public.jobs where id in (select id from newest union select id from unfinished)
  ), subjects as materialized (
    select private.job_subjects(array_agg(jobs)) as by_id from shown
  )
  select jsonb_build_object(
    'position', pg_current_snapshot()::text,
    'jobs', coalesce((
      select jsonb_agg(to_jsonb(jobs) - 'event_data'
          || jsonb_build_object('blocked', private.job_blocked(jobs), 'subject', by_id -> (jobs).id::text)
        order by (jobs).created_at desc, (jobs).id desc)
      from shown cross join subjects), '[]'),
    'notifications', coalesce((
      select jsonb_agg(view) from public.list_notifications(p_reader, true, 50) as view), '[]'));
$$;

-- The first state of a client that follows one job: {position, details}; details is null when this owner has no such
-- job.
create function public.read_live_job(p_job_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('position', pg_current_snapshot()::text,
    'details', public.get_job(p_job_id, p_owner) #- '{job,event_data}');
$$;

revoke execute on function public.read_changes, public.read_live_snapshot, public.read_live_job
  from public, anon, authenticated;
grant execute on function public.read_changes, public.read_live_snapshot, public.read_live_job to service_role;
