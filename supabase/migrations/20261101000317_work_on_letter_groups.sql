-- How a job that handles a group of dead letters is accepted, and how it works on them.

-- Accepts a job that handles a group. A group has one such job at a time. While that job has not ended, an equal
-- request returns the same job, even if the notes differ; a different request is refused. p_work: {"fingerprint",
-- "action", "note", "atOnce", "haltAfter", "canary", "patch"}.
create function public.accept_letter_group_job(p_work jsonb, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_work public.letter_group_jobs;
  v_job public.jobs;
  v_patch jsonb := nullif(p_work -> 'patch', 'null');
  v_canary integer := coalesce((p_work ->> 'canary')::integer, 0);
begin
  perform pg_advisory_xact_lock(hashtextextended('letter-group:' || (p_work ->> 'fingerprint'), 0));
  select group_job.* into v_work from public.letter_group_jobs as group_job join public.jobs using (id)
  where group_job.fingerprint = p_work ->> 'fingerprint' and jobs.status in ('queued', 'running');
  if v_work.id is not null then
    if (v_work.action, v_work.patch, v_work.at_once, v_work.halt_after, v_work.canary) is distinct from
      (p_work ->> 'action', v_patch, (p_work ->> 'atOnce')::integer, (p_work ->> 'haltAfter')::integer, v_canary)
    then
      perform private.refuse(409, 'conflict', format(
        'Job %s handles this group now: %s%s, canary %s, atOnce %s, haltAfter %s. Cancel it first.', v_work.id,
        v_work.action, case when v_work.patch is not null then ' with a patch' else '' end, v_work.canary, v_work.at_once,
        v_work.halt_after));
    end if;
    select * into v_job from public.jobs where id = v_work.id;
    return v_job;
  end if;
  v_work := row((p_request ->> 'id')::uuid, p_work ->> 'fingerprint', p_work ->> 'action', p_work ->> 'note',
    p_request ->> 'requester', (p_work ->> 'atOnce')::integer, (p_work ->> 'haltAfter')::integer,
    v_canary, null, null, p_now);
  -- The patch is left out of v_work here. With a patch, only letters that the job has checked would count, and the job
  -- has not checked any letter yet.
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

-- How many letters the job may handle now, and how long the oldest unfinished letter has been reprocessed. The number
-- is null when the job halts. p_done: how many letters the job has handled.
create function private.room_of_letter_group(p_work public.letter_group_jobs, p_done bigint, p_now timestamptz)
returns table (free integer, waited interval)
language sql stable
set search_path = ''
as $$
  select case
      when p_work.action = 'ignore' then 200
      -- The job halts when one of the first letters has failed again or was canceled, because neither shows that the
      -- cause is fixed.
      when p_done <= p_work.canary and count(outcome) > 0 then null
      when count(*) filter (where outcome = 'failed') > p_work.halt_after then null
      when p_done = p_work.canary and count(*) filter (where outcome is null) > 0 then 0
      else greatest(least(
        p_work.at_once - count(*) filter (where outcome is null),
        case when p_done < p_work.canary then p_work.canary - p_done end), 0)
    end, p_now - min(handled_at) filter (where outcome is null)
  from public.dead_letter_queue
  where group_job_id = p_work.id and status = 'reprocessed' and (outcome is null or outcome in ('failed', 'canceled'));
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

-- Handles as many letters as private.room_of_letter_group allows. Each letter is handled once, because a handled letter
-- is no longer open. Halts when too many letters have failed again, or when one of the first letters (canary) has
-- failed again or was canceled. After a halt, the other letters count as skipped and stay open, and the job's result has
-- "halted": true. Returns {"state": "open", "done" or "lost", "waitMs"}; waitMs: how long to wait, because no letter may
-- be handled now.
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
    -- An earlier attempt may have died after it handled letters and before their jobs were sent. This run waits for
    -- those jobs.
    perform private.ask_for_outbox();
    return jsonb_build_object('state', 'open', 'waitMs',
      1000 * extract(epoch from least(greatest(v_waited, interval '5 seconds'), interval '1 hour'))::bigint);
  end if;
  for v_letter_id in
    select id from private.open_letters_of(v_work) order by failed_at, id
    limit least(coalesce(v_free, 0), p_last - p_from + 1)
  loop
    -- A person or a replay may have handled the letter meanwhile.
    perform from public.dead_letter_queue where id = v_letter_id and status = 'failed' for update;
    continue when not found;
    perform private.handle_letter_of(v_work, v_letter_id, p_now);
    v_count := v_count + 1;
  end loop;
  if v_count > 0 then
    perform private.ask_for_outbox();
  elsif v_letter_id is not null then
    -- All letters of this batch were handled meanwhile; others may be open.
    return jsonb_build_object('state', 'open');
  elsif v_free is null then
    update public.letter_group_jobs set halted_at = p_now where id = p_job_id;
    update public.job_plans set result = result || '{"halted": true}'
    where job_id = (select job_id from public.job_parts where id = p_part_id);
  end if;
  v_next := case when v_count = 0 then p_last + 1 else p_from + v_count end;
  return jsonb_build_object('state', private.settle_part(p_part_id, p_token,
    jsonb_build_object(case v_work.action when 'ignore' then 'ignored' else 'reprocessed' end, v_count), v_next, p_now));
end
$$;

revoke execute on function public.accept_letter_group_job, public.cut_letter_group, private.room_of_letter_group,
  private.handle_letter_of, public.work_letter_group from public, anon, authenticated;
grant execute on function public.accept_letter_group_job, public.cut_letter_group, private.room_of_letter_group,
  private.handle_letter_of, public.work_letter_group to service_role;
