-- Working on parts: a run claims a part, settles its work in the transaction in which its room writes its own rows, and
-- releases what it cannot finish. Locks are taken in this order: the part, the room's rows, the plan, the job, and the
-- rows that the job's follow-up changes. The deletion of a job (private.delete_jobs) also locks the parts, the plan and
-- the job in this order, but it changes the rows of rooms that refer to the job last.

-- CLAIM. Claims the named part, or (p_part_no null) the claimant's own part, or else the next free one. The same
-- claimant gets its own claim back with a new token: a retry continues at once, and the try before it can settle
-- nothing any more. Returns {"state": "claimed", "id", "token", "part", "first", "last", "next", "bounds", "total",
-- "settled", "attempts"} | {"state": "busy", "waitMs"} | {"state": "done"} (the part is done, or no run is needed any
-- more) | {"state": "ended"} (the job was canceled or skipped) | {"state": "gone"} (another job has taken the part over)
-- | {"state": "paused"}: an event for the part follows when the job is resumed.
create function private.claim_part(
  p_job_id uuid, p_part_no integer, p_claimant text, p_lease_ms integer, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_part public.job_parts;
begin
  if exists (select from public.jobs where id = p_job_id and status in ('canceled', 'skipped')) then
    return jsonb_build_object('state', 'ended');
  elsif private.job_is_paused(p_job_id) then
    return jsonb_build_object('state', 'paused');
  end if;
  v_part := case when p_part_no is null then private.lock_free_part(p_job_id, p_claimant, p_now)
    else private.lock_part(p_job_id, p_part_no) end;
  if v_part.id is null and (p_part_no is null or not exists (select from public.job_plans where job_id = p_job_id)) then
    return private.nothing_to_claim(p_job_id);
  elsif v_part.id is null then
    perform private.refuse(404, 'not_found', 'The job has no such part');
  elsif v_part.status = 'done' then
    return jsonb_build_object('state', 'done');
  elsif v_part.status = 'claimed' and v_part.claimant <> p_claimant and v_part.lease_expires_at > p_now then
    return jsonb_build_object('state', 'busy', 'waitMs', private.ms_until(v_part.lease_expires_at, p_now));
  end if;

  update public.job_parts set
    status = 'claimed', claimant = p_claimant, lease_token = gen_random_uuid(),
    lease_expires_at = p_now + p_lease_ms * interval '1 millisecond', attempts = attempts + 1, waiting_until = null,
    failure_count = case when claimant = p_claimant then failure_count else 0 end
  where id = v_part.id returning * into v_part;
  return jsonb_build_object('state', 'claimed', 'id', v_part.id, 'token', v_part.lease_token, 'part', v_part.part_no,
    'first', v_part.first_no, 'last', v_part.last_no, 'next', coalesce(v_part.next_no, v_part.first_no),
    'bounds', v_part.bounds, 'total', v_part.total_count, 'settled', v_part.settled_count, 'attempts', v_part.attempts);
end
$$;

create function private.job_is_paused(p_job_id uuid)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (select from public.jobs where id = p_job_id and paused_at is not null);
$$;

-- PAUSE. From now on, no part of the job is claimed, and the room begins no new work in claimed parts. The room
-- finishes the work that it has begun. To resume, the room sends an event for each open part.
create function private.pause_job(p_job_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.jobs set paused_at = p_now, updated_at = p_now where id = p_job_id and paused_at is null;
$$;

create function private.unpause_job(p_job_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.jobs set paused_at = null, updated_at = p_now where id = p_job_id and paused_at is not null;
$$;

create function private.lock_part(p_job_id uuid, p_part_no integer)
returns public.job_parts
language sql
set search_path = ''
as $$
  select * from public.job_parts where job_id = p_job_id and part_no = p_part_no for no key update;
$$;

-- Locks the part that the claimant already holds, or else the first part without a claimant. Dead parts are left out,
-- because they wait for an administrator.
create function private.lock_free_part(p_job_id uuid, p_claimant text, p_now timestamptz)
returns public.job_parts
language sql
set search_path = ''
as $$
  select * from public.job_parts
  where job_id = p_job_id and status in ('pending', 'claimed')
    and (status = 'pending' or claimant = p_claimant or lease_expires_at <= p_now)
  order by (status = 'claimed' and claimant = p_claimant) desc, part_no
  limit 1 for no key update skip locked;
$$;

create function private.ms_until(p_moment timestamptz, p_now timestamptz)
returns bigint
language sql immutable
set search_path = ''
as $$
  select greatest(1, ceil(1000 * extract(epoch from p_moment - p_now)))::bigint;
$$;

-- The answer to a claim when no part is free. Other runs finish the parts that they hold, so nothing is left for this
-- run, unless the plan still grows: then more parts may follow.
create function private.nothing_to_claim(p_job_id uuid)
returns jsonb
language sql
set search_path = ''
as $$
  select coalesce(
    (select case when planned_at is null then '{"state": "busy", "waitMs": 5000}'::jsonb else '{"state": "done"}' end
     from public.job_plans where job_id = p_job_id), '{"state": "gone"}');
$$;

-- RELEASE. The run releases its part, so that the next run need not wait for the end of the lease. p_waiting_until:
-- when the run continues, because a provider asked for a pause. p_is_provider_failure: a provider failed. The result is
-- how many times a provider failed in this claim since the last settle, or null when the claim is lost. A second call
-- may change the time until which the part waits. p_error: why the part is released, as {code, message}; null leaves an
-- earlier error.
create function public.release_part(
  p_id bigint, p_token uuid, p_is_provider_failure boolean, p_waiting_until timestamptz, p_error jsonb, p_now timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_part public.job_parts;
begin
  update public.job_parts set
    status = 'pending', lease_expires_at = null, waiting_until = p_waiting_until,
    failure_count = failure_count + p_is_provider_failure::integer, last_error = coalesce(p_error, last_error)
  where id = p_id and status in ('claimed', 'pending') and lease_token = p_token
  returning * into v_part;
  -- The progress is stored even if it was stored a moment ago, because no run may work on the job for some time.
  perform private.report_progress_of_parts(v_part.job_id, interval '0', p_now);
  return v_part.failure_count;
end
$$;

-- Locks the part before a room writes rows that must not be counted twice. Returns null when the claim is valid: the
-- room may write. Otherwise returns the answer for the caller: "lost"; or "open" or "done" when p_from was settled
-- before.
create function private.hold_part(p_id bigint, p_token uuid, p_from bigint)
returns text
language sql
set search_path = ''
as $$
  select case
    when part.id is null or part.lease_token is distinct from p_token then 'lost'
    when part.status = 'done' then 'done'
    when p_from < coalesce(part.next_no, part.first_no) then 'open' end
  from (values (p_id)) as wanted (id)
  left join lateral (select * from public.job_parts where id = wanted.id for no key update) as part on true;
$$;

-- Like private.hold_part, but returns "done" also when the job has ended, so that nothing is written after a cancel, or
-- after the room has failed the job. A job that failed with a dead letter counts as open, because its other parts
-- continue. The job's row stays locked until the caller commits, so a cancel waits, and then counts the rows that the
-- caller wrote.
create function private.hold_part_of_open_job(p_id bigint, p_token uuid, p_from bigint)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part(p_id, p_token, p_from);
  v_job public.jobs;
begin
  if v_answer is not null then
    return v_answer;
  end if;
  select * into v_job from public.jobs
  where id = (select job_id from public.job_parts where id = p_id) for key share;
  return case
    when v_job.status in ('canceled', 'skipped') then 'done'
    when v_job.status = 'failed' and not private.has_open_letter(v_job.event_id, v_job.function_id) then 'done' end;
end
$$;

-- SETTLE. Adds counts to the part, in the transaction in which the room writes its own rows: {"sent": 98, "failed": 2}.
-- p_next, for a room that works in order: where to continue. When p_next is beyond the range, the part is done, and its
-- rest counts as "skipped"; until then the part is open, even if everything that was counted is settled. Without p_next,
-- the part is done when everything is settled. Returns "open", "done" or "lost". When the claim is lost, nothing was
-- added, and the room must roll back its own rows.
create function private.settle_part(
  p_id bigint, p_token uuid, p_counts jsonb, p_next bigint, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_part public.job_parts;
  v_counts jsonb := p_counts;
  v_moved bigint;
begin
  select * into v_part from public.job_parts where id = p_id for no key update;
  if v_part.lease_token is distinct from p_token then
    return 'lost';
  elsif v_part.status = 'done' then
    return 'done';
  end if;
  v_moved := private.sum_of_counts(v_counts);
  if p_next > v_part.last_no and v_moved < v_part.total_count - v_part.settled_count then
    v_counts := private.add_counts(v_counts,
      jsonb_build_object('skipped', v_part.total_count - v_part.settled_count - v_moved));
    v_moved := v_part.total_count - v_part.settled_count;
  end if;
  update public.job_parts set
    counts = private.add_counts(counts, v_counts), settled_count = settled_count + v_moved,
    next_no = coalesce(p_next, next_no), failure_count = case when v_moved = 0 then failure_count else 0 end,
    last_error = case when v_moved = 0 then last_error end,
    status = case when settled_count + v_moved = total_count and coalesce(p_next > last_no, true) then 'done' else status end
  where id = p_id returning * into v_part;
  if v_part.status = 'done' then
    perform private.close_job_without_open_parts(v_part.job_id, p_now);
    return 'done';
  end if;
  perform private.report_progress_of_parts(v_part.job_id, interval '500 milliseconds', p_now);
  return 'open';
end
$$;

-- Raises the total of a held part, and of its plan, so that p_count more units can be settled. For rooms whose filter may
-- match more rows later than it matched when the part was planned.
create function private.grow_part(p_id bigint, p_count bigint)
returns void
language sql
set search_path = ''
as $$
  with grown as (
    select id, job_id, settled_count + p_count - total_count as by from public.job_parts
    where id = p_id and settled_count + p_count > total_count
  ), part as (
    update public.job_parts set total_count = total_count + grown.by from grown where job_parts.id = grown.id
  )
  update public.job_plans set total_count = total_count + grown.by from grown where job_plans.job_id = grown.job_id;
$$;

create function private.sum_of_counts(p_counts jsonb)
returns bigint
language sql immutable
set search_path = ''
as $$
  select coalesce(sum(value::bigint), 0)::bigint from jsonb_each_text(p_counts);
$$;

create function private.add_counts(p_counts jsonb, p_more jsonb)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select p_counts || coalesce(jsonb_object_agg(key, coalesce((p_counts ->> key)::bigint, 0) + value::bigint), '{}')
  from jsonb_each_text(p_more) where value <> '0';
$$;

-- Stores the job's progress, unless it was stored less than p_within ago. When another settle is storing the progress,
-- this one does not wait and stores nothing.
create function private.report_progress_of_parts(p_job_id uuid, p_within interval, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_plan public.job_plans;
begin
  select * into v_plan from public.job_plans
  where job_id = p_job_id and (reported_at is null or reported_at <= p_now - p_within)
  for no key update skip locked;
  if not found then
    return;
  end if;
  perform from public.jobs where id = p_job_id for no key update skip locked;
  if not found then
    return;
  end if;
  update public.job_plans set reported_at = p_now where job_id = p_job_id;
  perform private.advance_job(p_job_id,
    (select sum(settled_count)::bigint from public.job_parts where job_id = p_job_id), v_plan.total_count, p_now);
end
$$;

-- Ends a job whose work is cut into parts, when everything is planned and no part is open. The job's result is the
-- plan's, with the total and the sums of the parts' counts. When two transactions settle the last two parts at once,
-- the later one waits here for the lock of the plan, and then sees that both parts are done.
create function private.close_job_without_open_parts(p_job_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_plan public.job_plans;
begin
  select * into v_plan from public.job_plans where job_id = p_job_id for no key update;
  if v_plan.planned_at is null
    or exists (select from public.job_parts where job_id = p_job_id and status <> 'done')
  then
    perform private.report_progress_of_parts(p_job_id, interval '0', p_now);
    return;
  end if;
  perform private.advance_job(p_job_id, v_plan.total_count, v_plan.total_count, p_now);
  perform private.end_job(p_job_id, 'completed',
    v_plan.result || jsonb_build_object('total', v_plan.total_count) || private.counts_of_parts(p_job_id), null, p_now);
end
$$;

-- The sums of the counts of a job's parts. The room has given the counts their names.
create function private.counts_of_parts(p_job_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_object_agg(key, count), '{}') from (
    select key, sum(value::bigint)::bigint as count
    from public.job_parts cross join jsonb_each_text(counts) where job_id = p_job_id group by key
  ) as counted;
$$;

create function public.claim_part(
  p_job_id uuid, p_part_no integer, p_claimant text, p_lease_ms integer, p_now timestamptz
)
returns jsonb
language sql
set search_path = ''
as $$
  select private.claim_part(p_job_id, p_part_no, p_claimant, p_lease_ms, p_now);
$$;

revoke execute on function private.job_is_paused, private.pause_job, private.unpause_job, private.claim_part, private.lock_part, private.lock_free_part, private.nothing_to_claim,
  private.ms_until, private.hold_part, private.hold_part_of_open_job, private.settle_part, private.grow_part, private.sum_of_counts, private.add_counts,
  private.report_progress_of_parts, private.close_job_without_open_parts, private.counts_of_parts,
  public.claim_part, public.release_part from public, anon, authenticated;
grant execute on function private.job_is_paused, private.pause_job, private.unpause_job, private.claim_part, private.lock_part, private.lock_free_part, private.nothing_to_claim,
  private.ms_until, private.hold_part, private.hold_part_of_open_job, private.settle_part, private.grow_part, private.sum_of_counts, private.add_counts,
  private.report_progress_of_parts, private.close_job_without_open_parts, private.counts_of_parts,
  public.claim_part, public.release_part to service_role;
