-- Running ended work again: a new job with the event of the old job, for the same function.

create unique index jobs_run_again_once_at_a_time on public.jobs (again_of)
  where again_of is not null and ended_at is null;

-- The event keeps its data, so effects whose key comes from the data are not repeated; a report is generated again.
-- Work with an open dead letter is reprocessed instead, because reprocessing also handles the letter and its part. A
-- repeated request returns the job of the first request. A request is repeated when it has the same p_new_id or
-- idempotency key, or comes before that job has ended.
create function public.run_job_again(p_job_id uuid, p_new_id uuid, p_by text, p_key text, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_old public.jobs;
  v_job public.jobs;
  v_said constant jsonb := jsonb_strip_nulls(jsonb_build_object('id', p_new_id, 'requester', p_by, 'key', p_key,
    'fingerprint', case when p_key is not null then md5('again ' || p_job_id) end));
begin
  select * into v_old from public.jobs where id = p_job_id for update;
  v_job := private.find_accepted_job(v_said);
  if v_job.id is null then
    select * into v_job from public.jobs where again_of = p_job_id and ended_at is null;
  end if;
  if v_job.id is not null then
    return v_job;
  end if;
  if v_old.id is null then
    perform private.refuse(404, 'not_found', 'Job not found');
  elsif v_old.ended_at is null then
    perform private.refuse(409, 'conflict', 'The job has not ended');
  elsif v_old.event_name like 'inngest/%' then
    perform private.refuse(409, 'conflict', 'A scheduled run cannot be run again: its next tick does the work');
  elsif exists (select from public.dead_letter_queue where job_id = p_job_id and status = 'failed') then
    perform private.refuse(409, 'conflict', 'The job has an open dead letter: reprocess that instead');
  end if;
  -- The work is wanted again now, so the deadline of the old job does not apply.
  v_job := private.insert_job(v_said || jsonb_build_object('functionId', v_old.function_id,
    'event', v_old.event_name, 'data', case when jsonb_typeof(v_old.event_data) = 'object'
      then v_old.event_data - 'deadlineAt' else v_old.event_data end,
    'owner', v_old.owner, 'kind', v_old.kind, 'priority', v_old.priority, 'againOf', v_old.id), p_now);
  perform private.record_job_event(v_old.id, 'run_again', jsonb_build_object('jobId', p_new_id, 'by', p_by), p_now);
  return v_job;
end
$$;

revoke execute on function public.run_job_again from public, anon, authenticated;
grant execute on function public.run_job_again to service_role;
