-- The steps of the function `generate-image`, which draws pictures. Each step is one statement, and locks the job's row
-- first.

-- Puts an ended task at the end of its queue, because its run was replayed, its dead letter was reprocessed, or the
-- task was requested again. The caller holds the rows of the new job and of the task.
create function private.line_up_image_task_again(p_task_id uuid, p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lane public.image_lanes;
begin
  update public.image_lanes set
    last_sequence = last_sequence + 1, accepted_at = greatest(accepted_at, p_now)
  where lane = (select lane from public.image_tasks where id = p_task_id)
  returning * into v_lane;
  update public.image_tasks set
    job_id = p_job.id, sequence = v_lane.last_sequence,
    round = private.next_image_round(v_lane.lane, priority, owner),
    due_at = v_lane.accepted_at + (p_job.due_at - p_job.ready_at),
    status = 'pending', started_no = null, started_at = null, ended_at = null, attempts = 0,
    -- An attempt that is still drawing loses its claim. The next attempt waits until that drawing is finished, so
    -- drawing_until keeps its value.
    attempt_token = null,
    image_path = null, thumbnail_path = null, error_code = null, error_message = null
  where id = p_task_id;
end
$$;

-- How long the run of a pending task waits until it checks again whether the task may start: a fifth of the time since
-- the task was put into the queue, or of the time between now and its due time if that is shorter, but at least 10
-- seconds and at most 5 minutes. A task that has started uses the lane's concurrency until its run has noticed, so the
-- waits are shortest at the beginning and when the task is due.
create function private.image_wait_ms(p_task public.image_tasks, p_job public.jobs, p_now timestamptz)
returns integer
language sql immutable
set search_path = ''
as $$
  select (1000 * greatest(10, least(300,
    extract(epoch from p_now - p_task.due_at + (p_job.due_at - p_job.ready_at)) / 5,
    abs(extract(epoch from p_task.due_at - p_now)) / 5)))::integer;
$$;

-- Called before each call of the provider. Returns {state}:
--   draw   {token, prompt, attempt}: this attempt may draw, for p_lease_ms
--   drawn the picture exists; an earlier attempt died after storing it
--   wait   {waitMs}: the task is still in the queue (see image_wait_ms), an earlier attempt may still be drawing, or
--          the provider's bucket is empty (p_wants, see take_tokens)
--   ended  the job has ended; taken: another job draws this picture; gone: there is no such task
create function public.begin_image_attempt(
  p_task_id uuid, p_event_id text, p_lease_ms integer, p_wants jsonb, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
  v_task public.image_tasks;
  v_tokens jsonb;
begin
  select * into v_job from public.jobs
  where event_id = p_event_id and function_id = 'generate-image' for no key update;
  select * into v_task from public.image_tasks where id = p_task_id for no key update;
  if v_job.id is null or v_task.id is null then
    return jsonb_build_object('state', 'gone');
  elsif v_job.ended_at is not null then
    return jsonb_build_object('state', 'ended');
  elsif v_task.ended_at is null and v_task.job_id <> v_job.id then
    return jsonb_build_object('state', 'taken');
  end if;

  if v_task.ended_at is not null then
    perform private.line_up_image_task_again(p_task_id, v_job, p_now);
  end if;
  if v_task.ended_at is not null or v_task.status = 'pending' then
    -- Another transaction may have skipped this task while we held the job's row, so we look for the next task here.
    perform private.start_image_tasks(v_task.lane, p_now);
    select * into v_task from public.image_tasks where id = p_task_id;
  end if;
  if v_task.status = 'pending' then
    return jsonb_build_object('state', 'wait', 'waitMs', private.image_wait_ms(v_task, v_job, p_now));
  elsif v_task.status = 'skipped' then
    return jsonb_build_object('state', 'ended');
  elsif v_task.image_path is not null then
    return jsonb_build_object('state', 'drawn');
  elsif v_task.drawing_until > p_now then
    return jsonb_build_object('state', 'wait',
      'waitMs', ceil(1000 * extract(epoch from v_task.drawing_until - p_now)));
  end if;
  v_tokens := public.take_tokens(p_wants, p_now);
  if not (v_tokens ->> 'granted')::boolean then
    return jsonb_build_object('state', 'wait', 'waitMs', v_tokens -> 'waitMs');
  end if;

  perform private.record_job_event(v_job.id, 'attempt', jsonb_build_object('attempt', v_task.attempts + 1), p_now)
  where v_task.status = 'waiting';
  update public.image_tasks set
    status = 'processing',
    attempts = attempts + case when status = 'waiting' or attempts = 0 then 1 else 0 end,
    retry_at = null,
    attempt_token = gen_random_uuid(),
    drawing_until = p_now + p_lease_ms * interval '1 millisecond'
  where id = p_task_id
  returning * into v_task;
  return jsonb_build_object('state', 'draw', 'token', v_task.attempt_token, 'prompt', v_task.prompt,
    'attempt', v_task.attempts);
end
$$;

-- Records the answer of the provider. p_outcome: {"imagePath"}, or {"code", "message", "retryAt"}; without retryAt the
-- task uses its concurrency until its job has ended. Returns 'noted'; 'ended' when the job has ended meanwhile (the
-- next task starts now, and the job's timeline records the end of the drawing); 'lost' when a later attempt has taken
-- over, and nothing is written.
create function public.end_image_attempt(p_task_id uuid, p_token uuid, p_outcome jsonb, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_task public.image_tasks;
  v_retry_at timestamptz := (p_outcome ->> 'retryAt')::timestamptz;
begin
  perform from public.jobs
  where id = (select job_id from public.image_tasks where id = p_task_id) for no key update;
  update public.image_tasks set attempt_token = null, drawing_until = null
  where id = p_task_id and attempt_token = p_token
  returning * into v_task;
  if v_task.id is null then
    return 'lost';
  elsif v_task.ended_at is not null then
    perform private.record_job_event(v_task.job_id, 'run_ended', '{}', p_now);
    perform private.start_image_tasks(v_task.lane, p_now);
    return 'ended';
  end if;
  update public.image_tasks set
    status = case when v_retry_at is null then status else 'waiting' end,
    retry_at = v_retry_at,
    image_path = p_outcome ->> 'imagePath',
    error_code = p_outcome ->> 'code',
    error_message = p_outcome ->> 'message'
  where id = p_task_id;
  if v_retry_at is not null then
    perform private.record_job_event(v_task.job_id, 'waiting', jsonb_build_object(
      'retryAt', v_retry_at, 'attempt', v_task.attempts, 'code', p_outcome ->> 'code',
      'message', p_outcome ->> 'message'), p_now);
  end if;
  return 'noted';
end
$$;

-- Called when the picture and its thumbnail are stored: completes the task and its job, and starts the next task in the
-- same transaction. A repeated call returns the same result. Returns the job's status, or 'lost' when the task belongs
-- to another job.
create function public.complete_image_task(
  p_task_id uuid, p_event_id text, p_thumbnail_path text, p_result jsonb, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_job public.jobs;
begin
  select * into v_job from public.jobs
  where event_id = p_event_id and function_id = 'generate-image' for no key update;
  if v_job.ended_at is not null then
    return v_job.status;
  end if;
  update public.image_tasks set thumbnail_path = p_thumbnail_path
  where id = p_task_id and job_id = v_job.id and ended_at is null and image_path is not null;
  if not found then
    return 'lost';
  end if;
  perform private.end_job(v_job.id, 'completed', p_result, null, p_now);
  return 'completed';
end
$$;

revoke execute on function private.line_up_image_task_again, private.image_wait_ms, public.begin_image_attempt, public.end_image_attempt,
  public.complete_image_task from public, anon, authenticated;
grant execute on function private.line_up_image_task_again, private.image_wait_ms, public.begin_image_attempt, public.end_image_attempt,
  public.complete_image_task to service_role;
