-- Statements for requests: accept an image task, or clear a lane.

-- Refuses the request when p_capacity tasks of the lane are unfinished and the owner has used up its share. The share
-- is the capacity divided by the number of owners with unfinished tasks. An owner below its share is always admitted,
-- so that other owners cannot block it. With a capacity of 100, about 500 tasks of 100 owners may therefore be
-- unfinished. Critical tasks have a capacity of their own. Retry-After is how long the lane needs to end one task at
-- the pace of the last minute, or 30 s when no task ended in that minute.
create function private.require_room_in_image_lane(
  p_lane text, p_capacity integer, p_priority integer, p_owner text, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_total integer;
  v_own integer;
  v_owners integer;
  v_ended integer;
begin
  select count(*), count(*) filter (where owner is not distinct from p_owner), count(distinct coalesce(owner, ''))
  into v_total, v_own, v_owners
  from public.image_tasks where lane = p_lane and ended_at is null and (priority = 1) = (p_priority = 1);
  if v_total < p_capacity or v_own < p_capacity / (v_owners + (v_own = 0)::integer) then
    return;
  end if;
  select count(*) into v_ended from public.image_tasks
  where lane = p_lane and ended_at > p_now - interval '1 minute';
  perform private.refuse(503, 'queue_full',
    format('Queue full: %s tasks of lane %s are unfinished, %s of them yours', v_total, p_lane, v_own),
    case when v_ended = 0 then '30' else greatest(1, ceil(60.0 / v_ended))::integer::text end);
end
$$;

-- Accepts one task under the lane's lock, and starts it if it is next and concurrency is free. A repeated idempotency key
-- returns the first task. p_lane: {"lane", "atOnce", "capacity"}; p_submissions: the tokens that a submission takes
-- from the owner's bucket (see take_tokens); p_request: see private.accept_job. Returns the task.
create function public.accept_image_task(
  p_lane jsonb, p_prompt text, p_submissions jsonb, p_request jsonb, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_lane public.image_lanes;
  v_job public.jobs;
  v_tokens jsonb;
begin
  insert into public.image_lanes as lanes (lane, at_once, capacity, last_sequence, accepted_at)
  values (p_lane ->> 'lane', (p_lane ->> 'atOnce')::integer, (p_lane ->> 'capacity')::integer, 1, p_now)
  on conflict (lane) do update set
    at_once = excluded.at_once, capacity = excluded.capacity,
    last_sequence = lanes.last_sequence + 1, accepted_at = greatest(lanes.accepted_at, p_now)
  returning * into v_lane;

  v_job := private.accept_job(p_request, v_lane.accepted_at);
  if v_job.id <> (p_request ->> 'id')::uuid then
    return public.get_image_task((v_job.event_data ->> 'taskId')::uuid, null);
  end if;
  v_tokens := public.take_tokens(p_submissions, p_now);
  if not (v_tokens ->> 'granted')::boolean then
    perform private.refuse(429, 'too_many_requests', 'You request more pictures than one owner may',
      greatest(1, ceil((v_tokens ->> 'waitMs')::numeric / 1000))::integer::text);
  end if;
  perform private.require_room_in_image_lane(
    v_lane.lane, v_lane.capacity, v_job.priority, v_job.owner, v_lane.accepted_at);

  insert into public.image_tasks (id, job_id, owner, lane, sequence, round, priority, due_at, prompt, created_at)
  values (v_job.id, v_job.id, v_job.owner, v_lane.lane, v_lane.last_sequence,
    private.next_image_round(v_lane.lane, v_job.priority, v_job.owner), v_job.priority, v_job.due_at, p_prompt, v_lane.accepted_at);
  perform private.start_image_tasks(v_lane.lane, v_lane.accepted_at);
  return public.get_image_task(v_job.id, null);
end
$$;

-- Cancels all unfinished tasks of a lane and resets its status. Returns the jobs that were canceled.
create function public.clear_image_lane(p_lane text, p_by text, p_now timestamptz)
returns setof uuid
language plpgsql
set search_path = ''
as $$
declare
  v_job_ids uuid[];
  v_through bigint := (select max(sequence) from public.image_tasks where lane = p_lane);
begin
  select coalesce(array_agg(id), '{}') into v_job_ids
  from (
    select id from public.jobs
    where id in (select job_id from public.image_tasks where lane = p_lane and ended_at is null)
      and ended_at is null
    order by id for update) as locked;
  return query select private.end_jobs(
    v_job_ids, 'canceled', null, jsonb_build_object('code', 'canceled', 'by', p_by), p_now);
  update public.image_lanes set cleared_through = greatest(cleared_through, v_through) where lane = p_lane;
end
$$;

revoke execute on function private.require_room_in_image_lane, public.accept_image_task, public.clear_image_lane
  from public, anon, authenticated;
grant execute on function private.require_room_in_image_lane, public.accept_image_task, public.clear_image_lane
  to service_role;
