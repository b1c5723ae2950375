-- A dead letter is a run that failed for good, with the event that started it. An administrator reprocesses it, or
-- ignores it with a reason; the row records the outcome. A reprocessing that fails makes a new dead letter.

create table public.dead_letter_queue (
  id uuid primary key default gen_random_uuid(),
  event_name text not null,
  event_data jsonb not null,
  error_message text,
  error_stack text,
  attempts integer not null default 1,
  failed_at timestamptz not null default now(),
  reprocessed_at timestamptz,
  status text not null default 'failed',
  created_at timestamptz not null default now(),
  event_id text not null,
  run_id text not null,
  function_id text not null,
  -- The job that failed, or the parent job of the part that failed.
  job_id uuid references public.jobs (id) on delete set null,
  error_code text,
  -- The fingerprint is equal for dead letters with the same cause.
  fingerprint text not null,
  -- The earlier dead letter, when this dead letter comes from its reprocessing.
  parent_id uuid references public.dead_letter_queue (id) on delete set null,
  note text,
  handled_by text,
  handled_at timestamptz,
  reprocess_job_id uuid references public.jobs (id) on delete set null,
  outcome text,
  -- The job of the letter's group that last checked its patched data, and the result: the data, or why it was refused.
  -- The event's own data stays as it was.
  checked_by uuid,
  patched_data jsonb,
  refusal text,
  -- The deploy that was running when the run failed.
  release text,
  -- Whether this dead letter was the first with its cause after the cause had been fixed (private.is_fixed).
  reopens boolean not null default false,
  alert_claimed_by text,
  alert_claimed_at timestamptz,
  -- reported_at: when the failure was logged and sent to Sentry. alerted_at: when the failure was sent to Slack.
  reported_at timestamptz,
  alerted_at timestamptz,
  constraint dead_letter_queue_has_one_row_per_run unique (run_id),
  constraint dead_letter_queue_status_is_valid check (status in ('failed', 'reprocessed', 'ignored')),
  constraint dead_letter_queue_handled_letters_name_who check ((status = 'failed') = (handled_by is null)),
  constraint dead_letter_queue_handled_letters_say_when check ((status = 'failed') = (handled_at is null)),
  constraint dead_letter_queue_reprocessed_letters_say_when
    check ((status = 'reprocessed') = (reprocessed_at is not null)),
  constraint dead_letter_queue_ignored_letters_say_why check (status <> 'ignored' or note is not null),
  constraint dead_letter_queue_outcome_is_valid
    check (outcome is null or (status = 'reprocessed' and outcome in ('completed', 'failed', 'canceled', 'skipped'))),
  constraint dead_letter_queue_refusal_is_short check (length(refusal) <= 1000),
  constraint dead_letter_queue_release_is_short check (length(release) <= 200),
  constraint dead_letter_queue_attempts_are_positive check (attempts > 0)
);
create index dead_letter_queue_status on public.dead_letter_queue (status, failed_at desc, id desc);
create index dead_letter_queue_event_name on public.dead_letter_queue (event_name);
create index dead_letter_queue_failed_at on public.dead_letter_queue (failed_at desc, id desc);
create index dead_letter_queue_reopens on public.dead_letter_queue (fingerprint, failed_at desc) where reopens;
create index dead_letter_queue_at_work on public.dead_letter_queue (fingerprint)
  where status = 'reprocessed' and outcome is null;
create index dead_letter_queue_open on public.dead_letter_queue (event_id, function_id) where status = 'failed';
create index dead_letter_queue_unalerted on public.dead_letter_queue (failed_at)
  where alerted_at is null and status = 'failed';
create index dead_letter_queue_handled on public.dead_letter_queue (handled_at) where status <> 'failed';
create index dead_letter_queue_job on public.dead_letter_queue (job_id) where job_id is not null;
create index dead_letter_queue_reprocess_job
  on public.dead_letter_queue (reprocess_job_id) where reprocess_job_id is not null;
create index dead_letter_queue_parent on public.dead_letter_queue (parent_id) where parent_id is not null;

-- Both tables are empty during this migration, so the check of the foreign key takes no time.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.jobs add constraint jobs_dead_letter_id_fkey
  foreign key (dead_letter_id) references public.dead_letter_queue (id) on delete set null;
create index jobs_dead_letter on public.jobs (dead_letter_id) where dead_letter_id is not null;

-- The errors of failed runs, for people who search for errors. An error stays when its dead letter is handled.
create table public.job_errors (
  id bigint generated always as identity primary key,
  event_id text not null,
  event_name text not null,
  event_data jsonb not null,
  error_message text,
  error_stack text,
  error_code text,
  function_id text not null,
  run_id text not null,
  created_at timestamptz not null default now(),
  constraint job_errors_has_one_row_per_run unique (run_id)
);
create index job_errors_created_at on public.job_errors (created_at desc, id desc);

alter table public.dead_letter_queue enable row level security;
alter table public.job_errors enable row level security;
revoke all on public.dead_letter_queue, public.job_errors from anon, authenticated;
grant select on public.dead_letter_queue, public.job_errors to authenticated;
grant select, insert, update, delete on public.dead_letter_queue, public.job_errors to service_role;
create policy dead_letter_queue_is_read_by_admins on public.dead_letter_queue for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin');
create policy job_errors_are_read_by_admins on public.job_errors for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin');

create function private.has_open_letter(p_event_id text, p_function_id text)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (select from public.dead_letter_queue
    where event_id = p_event_id and function_id = p_function_id and status = 'failed');
$$;

-- Resolves the dead letter of a failed run after a replay of the run (from Inngest's dashboard) has ended. p_outcome:
-- the outcome of the replay.
create function private.resolve_letters(
  p_event_id text, p_function_id text, p_run_id text, p_outcome text, p_now timestamptz
)
returns void
language sql
set search_path = ''
as $$
  update public.dead_letter_queue set status = 'reprocessed', reprocessed_at = p_now, handled_by = 'replay',
    handled_at = p_now, outcome = p_outcome
  where event_id = p_event_id and function_id = p_function_id and status = 'failed' and run_id <> p_run_id;
$$;

revoke execute on function private.has_open_letter, private.resolve_letters from public, anon, authenticated;
grant execute on function private.has_open_letter, private.resolve_letters to service_role;
