-- Reading the queue. A task is shown as its row and its position in the queue. The task with position 1 starts next; a
-- task with position null does not wait. p_owner null sees every task.

create function private.read_image_task(p_task public.image_tasks, p_position bigint)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select to_jsonb(p_task) - 'round' || jsonb_build_object('position', p_position);
$$;

-- The positions of all waiting tasks, for statements that read many of them.
create function private.image_queues()
returns table (id uuid, "position" bigint)
language sql stable
set search_path = ''
as $$
  select queue.id, queue.position from public.image_lanes cross join lateral private.image_queue(lane) as queue;
$$;

create function public.get_image_task(p_task_id uuid, p_owner text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select private.read_image_task(tasks,
    case when status = 'pending' then (select queue.position from private.image_queue(lane) as queue where queue.id = tasks.id) end)
  from public.image_tasks as tasks
  where id = p_task_id and (p_owner is null or owner = p_owner);
$$;

-- The newest tasks first. p_status: a task's status, or 'unfinished'.
create function public.list_image_tasks(
  p_owner text, p_lane text, p_status text, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select private.read_image_task(tasks, queue.position)
  from public.image_tasks as tasks left join private.image_queues() as queue using (id)
  where (p_owner is null or owner = p_owner)
    and (p_lane is null or lane = p_lane)
    and (p_status is null or case p_status when 'unfinished' then ended_at is null else status = p_status end)
    and (p_before_at is null or (created_at, id) < (p_before_at, p_before_id))
  order by created_at desc, id desc
  limit p_limit;
end
$$;

-- A lane since it was last cleared: all unfinished tasks, and the newest ended ones.
create function public.show_image_lane(p_lane text, p_owner text, p_ended_limit integer)
returns setof jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  v_cleared bigint := (select cleared_through from public.image_lanes where lane = p_lane);
begin
  return query
  with shown as not materialized (
    select * from public.image_tasks
    where lane = p_lane and sequence > v_cleared and (p_owner is null or owner = p_owner)
  )
  (select private.read_image_task(shown, queue.position)
   from shown left join private.image_queue(p_lane) as queue using (id) where ended_at is null)
  union all
  (select private.read_image_task(shown, null) from shown where ended_at is not null
   order by ended_at desc, id desc limit p_ended_limit);
end
$$;

-- The first state of a client that follows tasks: {position, tasks}, the newest 100 and all that are unfinished.
create function public.read_live_tasks(p_owner text, p_lane text)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('position', pg_current_snapshot()::text, 'tasks', coalesce(jsonb_agg(task), '[]'))
  from (
    select public.list_image_tasks(p_owner, p_lane, null, null, null, 100)
    union
    select public.list_image_tasks(p_owner, p_lane, 'unfinished', null, null, 1000)) as tasks (task);
$$;

create function public.image_tasks_of_jobs(p_job_ids uuid[])
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.read_image_task(tasks, queue.position)
  from public.image_tasks as tasks left join private.image_queues() as queue using (id) where job_id = any (p_job_ids);
$$;

-- Statistics of each lane: its state now, and what ended since p_since. The counts with the prefix visible_ count only
-- tasks that p_owner may read (null: all tasks).
create function public.image_lane_stats(p_since timestamptz, p_owner text)
returns table (
  lane text, waiting bigint, processing bigint, retrying bigint, completed bigint, failed bigint, canceled bigint,
  average_ms double precision, visible_completed bigint, visible_failed bigint, visible_canceled bigint
)
language sql stable
set search_path = ''
as $$
  select tasks.lane,
    count(*) filter (where status = 'pending'),
    count(*) filter (where status = 'processing'),
    count(*) filter (where status = 'waiting'),
    count(*) filter (where status = 'completed'),
    count(*) filter (where status = 'failed'),
    count(*) filter (where status in ('canceled', 'skipped')),
    1000 * avg(extract(epoch from ended_at - started_at)) filter (where status = 'completed'),
    count(*) filter (where status = 'completed' and (p_owner is null or owner = p_owner)),
    count(*) filter (where status = 'failed' and (p_owner is null or owner = p_owner)),
    count(*) filter (where status in ('canceled', 'skipped') and (p_owner is null or owner = p_owner))
  from public.image_lanes as lanes
  cross join lateral (
    select * from public.image_tasks where lane = lanes.lane and ended_at is null
    union all
    select * from public.image_tasks where lane = lanes.lane and ended_at > p_since) as tasks
  group by tasks.lane
  order by tasks.lane;
$$;

select private.register_export('{"name": "images", "from_sql": "public.image_tasks as t", "status_sql": "t.status",
  "columns": [["Task", "t.id"], ["Prompt", "t.prompt"], ["Status", "t.status"],
  ["Attempts", "t.attempts"], ["Error", "t.error_code"], ["Created", "t.created_at"], ["Ended", "t.ended_at"]]}');

revoke execute on function private.read_image_task, private.image_queues, public.get_image_task, public.list_image_tasks,
  public.show_image_lane, public.read_live_tasks, public.image_tasks_of_jobs, public.image_lane_stats
  from public, anon, authenticated;
grant execute on function private.read_image_task, private.image_queues, public.get_image_task, public.list_image_tasks,
  public.show_image_lane, public.read_live_tasks, public.image_tasks_of_jobs, public.image_lane_stats
  to service_role;
