-- Dead letters with the same fingerprint are a group: failures with one cause. A job handles all open letters of a group.

create table public.letter_group_jobs (
  id uuid primary key references public.jobs (id) on delete cascade,
  fingerprint text not null,
  action text not null,
  -- Why the letters are ignored.
  note text,
  requested_by text not null,
  -- How many letters are reprocessed at the same time.
  at_once integer not null,
  -- The job halts when more than this number of its letters have failed again.
  halt_after integer not null,
  -- How many letters are reprocessed first. The other letters follow when all these first letters have ended, and none
  -- of them has failed again or was canceled.
  canary integer not null default 0,
  -- A JSON Patch for the data of each letter.
  patch jsonb,
  halted_at timestamptz,
  created_at timestamptz not null,
  constraint letter_group_jobs_action_is_valid check (action in ('reprocess', 'ignore')),
  constraint letter_group_jobs_ignore_says_why check ((action = 'ignore') = (note is not null)),
  constraint letter_group_jobs_only_reprocess_patches check (patch is null or action = 'reprocess'),
  constraint letter_group_jobs_patch_is_small check (pg_column_size(patch) <= 65536),
  constraint letter_group_jobs_canary_is_valid check (canary between 0 and 500),
  constraint letter_group_jobs_at_once_is_valid check (at_once between 1 and 500),
  constraint letter_group_jobs_halt_after_is_valid check (halt_after between 0 and 1000000)
);
select private.register_erasable('public.letter_group_jobs', 'id', '{patch,note}');
create index letter_group_jobs_fingerprint on public.letter_group_jobs (fingerprint, created_at desc);
alter table public.letter_group_jobs enable row level security;
revoke all on public.letter_group_jobs from anon, authenticated;
grant select, insert, update, delete on public.letter_group_jobs to service_role;

alter table public.dead_letter_queue add column group_job_id uuid;
-- The table is empty during this migration, so the check of the foreign key takes no time.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.dead_letter_queue add constraint dead_letter_queue_group_job_id_fkey
  foreign key (group_job_id) references public.letter_group_jobs (id) on delete set null;
create index dead_letter_queue_fingerprint on public.dead_letter_queue (fingerprint, status, failed_at, id);
create index dead_letter_queue_group_job on public.dead_letter_queue (group_job_id) where group_job_id is not null;
-- The letters that a job looks at before it continues: those that are being reprocessed, and those that failed again or
-- were canceled.
create index dead_letter_queue_unfinished on public.dead_letter_queue (group_job_id)
  where status = 'reprocessed' and (outcome is null or outcome in ('failed', 'canceled'));

create function private.letter_group_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select works.id, works.action || ': ' || letter.function_id || coalesce(', ' || letter.error_code, '')
  from public.letter_group_jobs as works
  cross join lateral (
    select function_id, error_code from public.dead_letter_queue
    where fingerprint = works.fingerprint limit 1) as letter
  where works.id in (select id from unnest(p_jobs));
$$;
revoke execute on function private.letter_group_subjects from public, anon, authenticated;
grant execute on function private.letter_group_subjects to service_role;

select private.register_work_kind('{"function_id": "handle-letter-group", "event_name": "dead-letter/handle-group",
  "kind": "dead-letters", "priority": 3, "by_promise": false,
  "subjects": "private.letter_group_subjects",
  "summary": "Reprocesses or ignores all dead letters of one cause"}');

-- The groups, sorted by their last failure, the latest first. p_status: only groups with a letter of this status; null:
-- all groups. p_fingerprint: only this group. Returns {"items": [...], "total"}; "hourly" are the failures of the last
-- 24 hours.
create function public.list_letter_groups(p_status text, p_fingerprint text, p_limit integer, p_now timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with groups as (
    select fingerprint, count(*) as total, count(*) filter (where status = 'failed') as open,
      count(*) filter (where status = 'ignored') as ignored,
      count(*) filter (where status = 'reprocessed') as reprocessed,
      count(*) filter (where outcome = 'completed') as completed,
      count(*) filter (where outcome = 'failed') as "failedAgain",
      count(*) filter (where status = 'failed' and refusal is not null) as refused,
      min(failed_at) as "firstAt", max(failed_at) as "lastAt"
    from public.dead_letter_queue
    where p_fingerprint is null or fingerprint = p_fingerprint
    group by fingerprint
    having p_status is null or bool_or(status = p_status)
  ), page as (
    select * from groups order by "lastAt" desc, fingerprint limit p_limit
  )
  select jsonb_build_object('total', (select count(*) from groups), 'items', coalesce((
    select jsonb_agg(to_jsonb(page) || to_jsonb(newest) || jsonb_build_object('job', to_jsonb(work), 'hourly', (
        select jsonb_agg((select count(*) from public.dead_letter_queue as letter
          where letter.fingerprint = page.fingerprint and letter.failed_at > p_now - hours * interval '1 hour'
            and letter.failed_at <= p_now - (hours - 1) * interval '1 hour') order by hours desc)
        from generate_series(1, 24) as hours), 'reopened', (
        select jsonb_build_object('at', failed_at, 'release', release) from public.dead_letter_queue as letter
        where letter.fingerprint = page.fingerprint and reopens and page.open > 0 order by failed_at desc limit 1))
      order by page."lastAt" desc, page.fingerprint)
    from page
    cross join lateral (
      select id, function_id as function, event_name as event, error_code as code, left(error_message, 500) as message
      from public.dead_letter_queue as letter where letter.fingerprint = page.fingerprint
      order by failed_at desc, id desc limit 1) as newest
    left join lateral (
      select group_job.id, action, jobs.status, halted_at as "haltedAt", canary, patch, group_job.created_at as "createdAt"
      from public.letter_group_jobs as group_job join public.jobs using (id)
      where group_job.fingerprint = page.fingerprint order by group_job.created_at desc limit 1) as work on true
  ), '[]'));
$$;

revoke execute on function public.list_letter_groups from public, anon, authenticated;
grant execute on function public.list_letter_groups to service_role;
