-- A job is one function's work for one event, as people see it. The runs of a job are the engine's executions (a replay
-- adds one); the events of a job are the timeline that people read.

-- The time within which work of a priority begins, as in src/lib/engine/priorities.ts (a test compares them).
-- Background work has no promise. It counts as due after a day, because every waiting job needs a position in the
-- queue.
create function private.promise_of(p_priority integer)
returns interval
language plpgsql immutable
set search_path = ''
as $$
begin
  return (array[interval '1 second', '1 minute', '5 minutes', '1 hour', '1 day'])[p_priority];
end
$$;

create table public.jobs (
  id uuid primary key default gen_random_uuid(),
  kind text not null,
  function_id text not null,
  -- The job's id is also the event's id when the work was accepted over HTTP.
  event_id text not null,
  event_name text not null,
  event_data jsonb not null default '{}',
  status text not null default 'queued',
  requester text not null,
  owner text,
  idempotency_key text,
  fingerprint text,
  parent_job_id uuid references public.jobs (id) on delete set null,
  -- The dead letter that this job reprocesses. The event of this job starts only function_id, even when other functions
  -- have the same trigger.
  dead_letter_id uuid,
  -- The ended job whose work this job does again. The event of this job starts only function_id. There is no foreign
  -- key, so that the id stays when the old job is deleted.
  again_of uuid,
  progress_done bigint,
  progress_total bigint,
  result jsonb,
  error jsonb,
  event_count integer not null default 0,
  -- The class, from 1 (critical) to 5 (background); src/lib/engine/priorities.ts has the promise of each class.
  priority integer not null default 3,
  created_at timestamptz not null,
  -- When the promise begins to count: when the job was accepted, or at the end of its delay. The promise ends at
  -- due_at, and every queue is ordered by due_at.
  ready_at timestamptz not null,
  due_at timestamptz not null,
  -- After this time the work is skipped. Null: the work has no deadline.
  deadline_at timestamptz,
  -- How many completed jobs with such a number, of this kind and owner, are kept after this job has completed, including
  -- this one. Null: the job is deleted only by the kind's numbers.
  keep_completed integer,
  -- When the engine may begin the job. Null: held until its room releases it. In the future: delayed. Infinity: its
  -- function is paused (private.pauses).
  released_at timestamptz,
  -- When the event was sent to the engine. Null: the event is still in the outbox.
  sent_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  updated_at timestamptz not null,
  -- The time at which a person paused the job. None of the job's parts begins after this time. Null: the job is not
  -- paused.
  paused_at timestamptz,
  -- When the monitor last asked the engine about this job.
  checked_at timestamptz,
  constraint jobs_are_one_per_event_and_function unique (event_id, function_id),
  constraint jobs_status_is_valid
    check (status in ('queued', 'running', 'completed', 'failed', 'canceled', 'skipped')),
  constraint jobs_priority_is_valid check (priority between 1 and 5),
  constraint jobs_keep_themselves check (keep_completed > 0),
  constraint jobs_keep_jobs_of_their_owner check (keep_completed is null or owner is not null),
  constraint jobs_are_due_after_they_are_ready check (due_at >= ready_at and ready_at >= created_at),
  constraint jobs_are_sent_after_their_release check (sent_at is null or released_at is not null or ended_at is not null),
  constraint jobs_end_when_their_status_says_so
    check ((status in ('completed', 'failed', 'canceled', 'skipped')) = (ended_at is not null)),
  constraint jobs_progress_is_within_its_total
    check (progress_done >= 0 and progress_total >= 0 and progress_done <= progress_total),
  constraint jobs_idempotency_key_is_short check (length(idempotency_key) between 1 and 255),
  constraint jobs_idempotency_key_has_a_fingerprint check ((idempotency_key is null) = (fingerprint is null))
) with (fillfactor = 85);

create unique index jobs_one_per_requester_and_idempotency_key
  on public.jobs (requester, idempotency_key) where idempotency_key is not null;
create index jobs_newest_first on public.jobs (created_at desc, id desc);
-- Lists of failed, canceled or skipped jobs need this index, because such jobs are rare. Completed jobs are frequent,
-- so a list finds the newest ones without an index.
create index jobs_not_completed on public.jobs (status, created_at desc, id desc)
  where status in ('failed', 'canceled', 'skipped');
create index jobs_by_owner on public.jobs (owner, created_at desc, id desc);
-- With these indexes, a filter that matches few jobs, or none, does not read the whole ledger.
create index jobs_by_kind on public.jobs (kind, created_at desc, id desc);
create index jobs_by_function on public.jobs (function_id, created_at desc, id desc);
create index jobs_by_requester on public.jobs (requester, created_at desc, id desc);
create index jobs_by_parent on public.jobs (parent_job_id) where parent_job_id is not null;
create index jobs_waiting on public.jobs (kind, due_at) include (ready_at, priority) where status = 'queued';
create index jobs_running on public.jobs (greatest(updated_at, checked_at)) include (priority)
  where status = 'running';
create index jobs_started on public.jobs (started_at) include (kind, priority, due_at, ready_at)
  where started_at is not null;
create index jobs_ended_by_kind on public.jobs (kind, status, ended_at, id) where ended_at is not null;
create index jobs_with_a_number_to_keep on public.jobs (kind, owner, ended_at desc, id desc)
  where keep_completed is not null and status = 'completed';
create index jobs_ended on public.jobs (ended_at) where ended_at is not null;
create index jobs_ended_by_function on public.jobs (function_id, ended_at) include (status, started_at)
  where ended_at is not null;
create index jobs_ended_by_owner on public.jobs (owner, ended_at) where ended_at is not null;
create index jobs_canceled on public.jobs (ended_at, id) where status = 'canceled';
create index jobs_outbox on public.jobs (released_at, id)
  where sent_at is null and status = 'queued' and released_at is not null;

create table public.job_runs (
  run_id text primary key,
  job_id uuid not null references public.jobs (id) on delete cascade,
  status text not null default 'running',
  attempts integer not null default 1,
  error jsonb,
  started_at timestamptz not null,
  ended_at timestamptz,
  constraint job_runs_status_is_valid check (status in ('running', 'completed', 'failed', 'canceled')),
  constraint job_runs_end_when_their_status_says_so check ((status <> 'running') = (ended_at is not null)),
  constraint job_runs_attempts_are_positive check (attempts > 0)
);
create index job_runs_by_job on public.job_runs (job_id, started_at, run_id);

create table public.job_events (
  job_id uuid not null references public.jobs (id) on delete cascade,
  sequence integer not null,
  type text not null,
  at timestamptz not null,
  data jsonb not null default '{}',
  constraint job_events_are_numbered primary key (job_id, sequence),
  constraint job_events_type_is_valid check (type in (
    'accepted', 'released', 'running', 'retrying', 'waiting', 'attempt', 'run_ended', 'completed', 'failed', 'canceled', 'skipped',
    'reprocessed', 'run_again', 'paused'))
);
create index job_events_of_ends on public.job_events (at, job_id, sequence)
  where type in ('completed', 'failed', 'canceled', 'skipped');
create index job_events_of_retries on public.job_events (at) where type in ('retrying', 'attempt');

-- How fast each requester sends requests: the theoretical arrival time of a generic cell rate algorithm (GCRA).
create table private.request_rates (
  requester text primary key,
  arrival_at timestamptz not null
) with (fillfactor = 50);

alter table public.jobs enable row level security;
alter table public.job_runs enable row level security;
alter table public.job_events enable row level security;
alter table private.request_rates enable row level security;
revoke all on public.jobs, public.job_runs, public.job_events from anon, authenticated;
grant select on public.jobs, public.job_runs, public.job_events to authenticated;
grant select, insert, update, delete on public.jobs, public.job_runs, public.job_events, private.request_rates
  to service_role;

create policy jobs_are_read_by_their_owner_and_admins on public.jobs for select to authenticated using (
  owner = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);
create policy job_runs_follow_their_job on public.job_runs for select to authenticated
  using (exists (select from public.jobs where jobs.id = job_id));
create policy job_events_follow_their_job on public.job_events for select to authenticated
  using (exists (select from public.jobs where jobs.id = job_id));
