-- The queue of a lane, and the start of its next tasks. A statement that changes a task locks its job's row first, then
-- (if a task may start) the lane, and takes no other lock while it holds the lane. So statements that accept, end or
-- cancel tasks cannot deadlock.

-- Frees the concurrency of ended tasks whose process died while it drew: after the lease (drawing_until) the drawing
-- counts as finished, and the timeline of the job records that. Rows that another transaction holds are skipped,
-- because the next call finds them.
create function private.end_left_drawings(p_lane text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  with over as (
    select tasks.id, tasks.job_id
    from public.image_tasks as tasks join public.jobs on jobs.id = tasks.job_id
    where tasks.lane = p_lane and tasks.ended_at is not null and tasks.drawing_until <= p_now
    for no key update skip locked
  ), freed as (
    update public.image_tasks set drawing_until = null where id in (select id from over)
  )
  select private.record_job_event(job_id, 'run_ended', '{}', p_now) from over;
$$;

-- The waiting tasks of a lane in the order in which they start; position 1 is next. Within a priority each round has
-- one task of each owner, in the order of accepting, so that an owner with many tasks does not delay the others.
-- Between priorities, the priority with the earliest due task is served first, so that no priority waits forever:
-- turn_at is the earliest due time of a task and of the tasks behind it in its priority.
create function private.image_queue(p_lane text)
returns table (id uuid, "position" bigint)
language sql stable
set search_path = ''
as $$
  select id, row_number() over (order by turn_at, priority, round, sequence)
  from (
    select id, priority, round, sequence, min(due_at) over (
      partition by priority order by round, sequence rows between current row and unbounded following) as turn_at
    from public.image_tasks where lane = p_lane and ended_at is null and status = 'pending') as waiting;
$$;

-- The round of an owner's next task: the current round of the queue, or the round after the owner's last waiting task.
create function private.next_image_round(p_lane text, p_priority integer, p_owner text)
returns bigint
language sql stable
set search_path = ''
as $$
  select greatest(min(round), 1 + coalesce(max(round) filter (where owner is not distinct from p_owner), 0))
  from public.image_tasks
  where lane = p_lane and priority = p_priority and ended_at is null and status = 'pending';
$$;

-- Starts the first tasks of the queue until the lane's concurrency is used up. Three sorts of tasks use the
-- concurrency: tasks that are processed, tasks that wait for their retry, and tasks that have ended (canceled, failed)
-- while their picture is still being drawn. Returns the jobs to send.
create function private.start_image_tasks(p_lane text, p_now timestamptz)
returns setof public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_lane public.image_lanes;
  v_free integer;
  v_task public.image_tasks;
  v_job public.jobs;
begin
  select * into v_lane from public.image_lanes where lane = p_lane for no key update;
  perform private.end_left_drawings(p_lane, p_now);
  select v_lane.at_once
    - (select count(*) from public.image_tasks
       where lane = p_lane and ended_at is null and (status <> 'pending' or drawing_until > p_now))
    - (select count(*) from public.image_tasks
       where lane = p_lane and ended_at is not null and drawing_until > p_now)
  into v_free;

  while v_free > 0 loop
    select tasks.* into v_task from public.image_tasks as tasks
    join private.image_queue(p_lane) as queue on queue.id = tasks.id and queue.position = 1;
    exit when not found;
    -- Another transaction holds the job's row, because it is ending the job. That transaction will start the next task
    -- when this transaction has released the lane, so this transaction must not start a later task.
    select * into v_job from public.jobs where id = v_task.job_id for no key update skip locked;
    exit when not found;
    if v_job.ended_at is null and v_job.deadline_at <= p_now then
      perform private.end_job(v_job.id, 'skipped',
        jsonb_build_object('status', 'skipped', 'reason', 'deadline_passed'), null, p_now);
      select * into v_job from public.jobs where id = v_task.job_id;
    end if;
    -- This transaction has ended the job, but not its task yet.
    if v_job.ended_at is not null then
      perform private.end_image_task(v_job);
      continue;
    end if;

    v_lane.last_started_no := v_lane.last_started_no + 1;
    v_free := v_free - 1;
    update public.image_tasks
    set status = 'processing', started_no = v_lane.last_started_no, started_at = p_now
    where id = v_task.id;
    perform private.release_jobs(array[v_job.id], p_now);
    select * into v_job from public.jobs where id = v_job.id;
    return next v_job;
  end loop;
  update public.image_lanes set last_started_no = v_lane.last_started_no
  where lane = p_lane and last_started_no < v_lane.last_started_no;
end
$$;

-- Ends the task of an ended job with the job's status. Returns its lane; null when the task had already ended.
create function private.end_image_task(p_job public.jobs)
returns text
language sql
set search_path = ''
as $$
  update public.image_tasks set
    status = p_job.status,
    ended_at = p_job.ended_at,
    retry_at = null,
    error_code = case when p_job.status = 'failed' then coalesce(p_job.error ->> 'code', error_code) end,
    error_message = case when p_job.status = 'failed' then coalesce(p_job.error ->> 'message', error_message) end
  where job_id = p_job.id and ended_at is null
  returning lane;
$$;

-- A task ends when its job ends (completed, failed, canceled or skipped), and the next task starts in the
-- same transaction, so that no concurrency is left unused.
create function private.after_image_job(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lane text := private.end_image_task(p_job);
begin
  if v_lane is not null then
    perform private.start_image_tasks(v_lane, p_now);
  end if;
end
$$;
create function private.image_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, tasks.prompt
  from unnest(p_jobs) as jobs join public.image_tasks as tasks on tasks.id = private.uuid_of(jobs.event_data ->> 'taskId');
$$;
revoke execute on function private.image_subjects from public, anon, authenticated;
grant execute on function private.image_subjects to service_role;

select private.register_work_kind('{"function_id": "generate-image", "event_name": "image/generate",
  "after_end": "private.after_image_job", "waiting": null,
  "subjects": "private.image_subjects",
  "summary": "Draws a picture from its prompt"}');

-- Starts tasks whose start was missed, for example because a process died while it drew the picture of a canceled task.
-- Returns the number of started tasks.
create function public.start_waiting_image_tasks(p_now timestamptz)
returns bigint
language sql
set search_path = ''
as $$
  select count(*)
  from (select lane from public.image_lanes order by lane) as lanes
  cross join lateral private.start_image_tasks(lanes.lane, p_now);
$$;

revoke execute on function private.image_queue, private.next_image_round, private.end_left_drawings, private.start_image_tasks, private.end_image_task,
  private.after_image_job, public.start_waiting_image_tasks from public, anon, authenticated;
grant execute on function private.image_queue, private.next_image_round, private.end_left_drawings, private.start_image_tasks, private.end_image_task,
  private.after_image_job, public.start_waiting_image_tasks to service_role;
