-- Which open letters of a group a job may handle. A job with a patch checks all of them before it sends the first one.

-- The open letters that this job handles: the letters that had failed when the job was requested, except those that
-- this job reprocessed and that failed again. With a patch: only those whose patched data fits their schema. A
-- scheduled run cannot be reprocessed, because its next tick does the work.
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
-- [{"after", "id", "event", "data"}]. p_after: the "after" of the previous page's last letter. p_until: only letters
-- that failed up to this time; null: all letters.
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

-- The data that a job with a patch reads before it checks its letters: {"fingerprint", "until", "patch"}.
create function public.read_letter_group_job(p_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('fingerprint', fingerprint, 'until', created_at, 'patch', patch)
  from public.letter_group_jobs where id = p_id;
$$;

-- Stores the patched data of each letter, or why the patch does not fit it. p_letters: [{"id", "data" or "refusal"}].
-- When the job and all jobs that do its work again have ended, nothing changes, because a job with another patch may have
-- checked the letters. Nothing changes either while another job of the group has not ended.
create function public.check_letters(p_job_id uuid, p_letters jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.dead_letter_queue as letter
  set checked_by = p_job_id, patched_data = checked.data, refusal = checked.refusal
  from jsonb_to_recordset(p_letters) as checked (id uuid, data jsonb, refusal text)
  where letter.id = checked.id and letter.status = 'failed'
    and exists (select from public.jobs
      where function_id = 'handle-letter-group' and event_data ->> 'groupJobId' = p_job_id::text and ended_at is null)
    and not exists (select from public.letter_group_jobs as other join public.jobs on jobs.id = other.id
      where other.fingerprint = letter.fingerprint and other.id <> p_job_id and jobs.ended_at is null);
$$;

revoke execute on function private.open_letters_of, public.page_letter_group, public.read_letter_group_job,
  public.check_letters from public, anon, authenticated;
grant execute on function private.open_letters_of, public.page_letter_group, public.read_letter_group_job,
  public.check_letters to service_role;
