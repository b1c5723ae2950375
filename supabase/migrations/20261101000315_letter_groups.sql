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
  -- The job halts when more of its letters than this have failed again.
  halt_after integer not null,
  -- How many letters go first. The others follow when all of these have ended, and none has failed again.
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
-- The table is empty when this runs, so the check takes no time.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.dead_letter_queue add constraint dead_letter_queue_group_job_id_fkey
  foreign key (group_job_id) references public.letter_group_jobs (id) on delete set null;
create index dead_letter_queue_fingerprint on public.dead_letter_queue (fingerprint, status, failed_at, id);
create index dead_letter_queue_group_job on public.dead_letter_queue (group_job_id) where group_job_id is not null;
-- The letters that a job checks before it continues: those being reprocessed, and those that failed again.
create index dead_letter_queue_unfinished on public.dead_letter_queue (group_job_id)
  where status = 'reprocessed' and (outcome is null or outcome = 'failed');

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

-- The groups, the one that failed last first. p_status: only groups with a letter of this status; null: all.
-- p_fingerprint: only this group. Returns {"items": [...], "total"}; "hourly" are the failures of the last 24 hours.
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

-- The open letters of a group that this job handles: those that had failed when it was asked for, and not those whose
-- reprocessing by this job has failed. With a patch: only those whose patched data fits their schema. A scheduled run
-- cannot be reprocessed, because its next tick does the work.
create function private.open_letters_of(p_job public.letter_group_jobs)
returns setof public.dead_letter_queue
language sql stable
set search_path = ''
as $$
  select * from public.dead_letter_queue as letter
  where fingerprint = p_job.fingerprint and status = 'failed' and failed_at <= p_job.created_at
    and (p_job.action = 'ignore' or event_name not like 'inngest/%')
    and (p_job.patch is null or (checked_by = p_job.id and refusal is null))
    and not exists (select from public.dead_letter_queue as parent
      where parent.id = letter.parent_id and parent.group_job_id = p_job.id);
$$;

-- The next open letters of a group that can be reprocessed: at most p_limit, and fewer when their data is large.
-- [{"after", "id", "event", "data"}]. p_after: the "after" of the previous page's last letter. p_until: only letters that
-- had failed by then; null: all.
create function public.page_letter_group(p_fingerprint text, p_until timestamptz, p_after jsonb, p_limit integer)
returns jsonb
language sql stable
set search_path = ''
as $$
  with page as (
    select id, failed_at, event_name, event_data, octet_length(event_data::text) as bytes
    from public.dead_letter_queue
    where fingerprint = p_fingerprint and status = 'failed' and event_name not like 'inngest/%'
      and (p_until is null or failed_at <= p_until)
      and (p_after is null or (failed_at, id) > ((p_after ->> 0)::timestamptz, (p_after ->> 1)::uuid))
    order by failed_at, id limit p_limit
  ), measured as (
    select *, sum(bytes) over (order by failed_at, id) - bytes as bytes_before from page
  )
  select coalesce(jsonb_agg(jsonb_build_object('after', jsonb_build_array(failed_at, id), 'id', id, 'event', event_name,
    'data', event_data) order by failed_at, id), '[]')
  from measured where bytes_before < 2000000;
$$;

-- What a job that patches letters reads before it checks them: {"fingerprint", "until", "patch"}.
create function public.read_letter_group_job(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('fingerprint', fingerprint, 'until', created_at, 'patch', patch)
  from public.letter_group_jobs where id = p_id;
$$;

-- Stores the patched data of each letter, or why the patch does not fit it. p_letters: [{"id", "data" or
-- "refusal"}]. A job that has ended changes nothing, because the next one may have checked the letter.
create function public.check_letters(p_job_id uuid, p_letters jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.dead_letter_queue as letter
  set checked_by = p_job_id, patched_data = checked.data, refusal = checked.refusal
  from jsonb_to_recordset(p_letters) as checked (id uuid, data jsonb, refusal text)
  where letter.id = checked.id and letter.status = 'failed'
    and exists (select from public.jobs where id = p_job_id and ended_at is null);
$$;

-- Accepts a job that handles a group. A group has one such job at a time: a second request for the same action and
-- patch gets the first one's job. p_work: {"fingerprint", "action", "note", "atOnce", "haltAfter", "canary", "patch"}.
create function public.accept_letter_group_job(p_work jsonb, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_work public.letter_group_jobs;
  v_job public.jobs;
  v_patch jsonb := nullif(p_work -> 'patch', 'null');
begin
  perform pg_advisory_xact_lock(hashtextextended('letter-group:' || (p_work ->> 'fingerprint'), 0));
  select group_job.* into v_work from public.letter_group_jobs as group_job join public.jobs using (id)
  where group_job.fingerprint = p_work ->> 'fingerprint' and jobs.status in ('queued', 'running');
  if v_work.action <> p_work ->> 'action' or (v_work.id is not null and v_work.patch is distinct from v_patch) then
    perform private.refuse(409, 'conflict', format('Job %s handles this group now: %s%s. Cancel it first.', v_work.id,
      v_work.action, case when v_work.patch is not null then ' with a patch' else '' end));
  elsif v_work.id is not null then
    select * into v_job from public.jobs where id = v_work.id;
    return v_job;
  end if;
  v_work := row((p_request ->> 'id')::uuid, p_work ->> 'fingerprint', p_work ->> 'action', p_work ->> 'note',
    p_request ->> 'requester', (p_work ->> 'atOnce')::integer, (p_work ->> 'haltAfter')::integer,
    coalesce((p_work ->> 'canary')::integer, 0), null, null, p_now);
  -- v_work has no patch yet: with one, only letters that the job has checked would count, and it has checked none.
  if not exists (select from private.open_letters_of(v_work)) then
    perform private.refuse(404, 'not_found', 'No open dead letter of this group can be handled this way');
  end if;
  v_job := private.accept_job(p_request, p_now);
  v_work.id := v_job.id;
  v_work.patch := v_patch;
  insert into public.letter_group_jobs select v_work.* on conflict (id) do nothing;
  return v_job;
end
$$;

-- All letters of the job as one part: [{"first", "last", "total"}].
create function public.cut_letter_group(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('first', 1, 'last', count, 'total', count)) filter (where count > 0), '[]')
  from (
    select count(letter.id) from public.letter_group_jobs as work
    cross join lateral private.open_letters_of(work) as letter where work.id = p_id) as letters;
$$;

-- How many letters the job may handle now, and for how long it has waited for the oldest one at work. The limit is
-- null when the job halts. p_done: how many it has handled.
create function private.room_of_letter_group(p_work public.letter_group_jobs, p_done bigint, p_now timestamptz)
returns table (free integer, waited interval)
language sql stable
set search_path = ''
as $$
  select case
      when p_work.action = 'ignore' then 200
      when count(*) filter (where outcome = 'failed')
        > case when p_done <= p_work.canary then 0 else p_work.halt_after end then null
      when p_done = p_work.canary and count(*) filter (where outcome is null) > 0 then 0
      else greatest(least(
        p_work.at_once - count(*) filter (where outcome is null),
        case when p_done < p_work.canary then p_work.canary - p_done end), 0)
    end, p_now - min(handled_at) filter (where outcome is null)
  from public.dead_letter_queue
  where group_job_id = p_work.id and status = 'reprocessed' and (outcome is null or outcome = 'failed');
$$;

create function private.handle_letter_of(p_work public.letter_group_jobs, p_letter_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_work.action = 'ignore' then
    perform public.ignore_dead_letter(p_letter_id, p_work.note, p_work.requested_by, p_now);
  else
    perform public.reprocess_dead_letter(p_letter_id, gen_random_uuid(), p_work.requested_by, p_now,
      (select patched_data from public.dead_letter_queue where id = p_letter_id and p_work.patch is not null));
  end if;
  update public.dead_letter_queue set group_job_id = p_work.id where id = p_letter_id;
end
$$;

-- Handles the next letters: as many as private.room_of_letter_group allows, each once, because a handled letter is no
-- longer open. Halts when too many have failed again, or one of the canary: the rest counts as skipped, and stays open.
-- Returns {"state": "open", "done" or "lost", "waitMs"}; waitMs: how long to wait, because no letter may be handled now.
create function public.work_letter_group(
  p_part_id bigint, p_token uuid, p_job_id uuid, p_from bigint, p_last bigint, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_state text := private.hold_part_of_open_job(p_part_id, p_token, p_from);
  v_work public.letter_group_jobs;
  v_free integer;
  v_waited interval;
  v_letter_id uuid;
  v_count integer := 0;
  v_next bigint;
begin
  if v_state is not null then
    return jsonb_build_object('state', v_state);
  end if;
  select * into v_work from public.letter_group_jobs where id = p_job_id;
  select free, waited into v_free, v_waited from private.room_of_letter_group(v_work, p_from - 1, p_now);
  if v_free = 0 then
    return jsonb_build_object('state', 'open', 'waitMs',
      1000 * extract(epoch from least(greatest(v_waited, interval '5 seconds'), interval '1 hour'))::bigint);
  end if;
  for v_letter_id in
    select id from private.open_letters_of(v_work) order by failed_at, id
    limit least(coalesce(v_free, 0), p_last - p_from + 1)
  loop
    perform private.handle_letter_of(v_work, v_letter_id, p_now);
    v_count := v_count + 1;
  end loop;
  if v_count > 0 then
    perform private.ask_for_outbox();
  elsif v_free is null then
    update public.letter_group_jobs set halted_at = p_now where id = p_job_id;
  end if;
  v_next := case when v_count = 0 then p_last + 1 else p_from + v_count end;
  return jsonb_build_object('state', private.settle_part(p_part_id, p_token,
    jsonb_build_object(case v_work.action when 'ignore' then 'ignored' else 'reprocessed' end, v_count), v_next, p_now));
end
$$;

revoke execute on function public.list_letter_groups, private.open_letters_of, public.page_letter_group,
  public.read_letter_group_job, public.check_letters, public.accept_letter_group_job,
  public.cut_letter_group, private.room_of_letter_group, private.handle_letter_of, public.work_letter_group
  from public, anon, authenticated;
grant execute on function public.list_letter_groups, private.open_letters_of, public.page_letter_group,
  public.read_letter_group_job, public.check_letters, public.accept_letter_group_job,
  public.cut_letter_group, private.room_of_letter_group, private.handle_letter_of, public.work_letter_group
  to service_role;
