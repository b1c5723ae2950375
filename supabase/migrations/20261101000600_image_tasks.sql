-- An image task is one picture that a requester asked for, with its position in a lane: a queue with a fixed
-- concurrency, in which the database decides which task starts. The task's job does the work; the engine receives that
-- job when the task may start.

create table public.image_lanes (
  lane text primary key,
  -- How many pictures are drawn at once, and how many tasks may be unfinished.
  at_once integer not null,
  capacity integer not null,
  -- The number of the task that was accepted last, and of the task that was started last. Both numbers are given under
  -- the lane's lock.
  last_sequence bigint not null default 0,
  last_started_no bigint not null default 0,
  -- The time of the task that was accepted last, by the clock of its process. The next task gets this time or a later
  -- one.
  accepted_at timestamptz not null,
  -- The sequence of the last task when the lane was last cleared. The status of the queue does not show this task and
  -- earlier ones.
  cleared_through bigint not null default 0,
  constraint image_lanes_have_room check (at_once > 0 and capacity > 0)
) with (fillfactor = 20);

create table public.image_tasks (
  -- The id of the task, and of the task's first job.
  id uuid primary key,
  -- The job that works on the task now. Reprocessing sets a new job. The task is deleted when the ledger deletes its
  -- job.
  job_id uuid not null references public.jobs (id) on delete cascade,
  owner text,
  lane text not null references public.image_lanes (lane),
  sequence bigint not null,
  -- The round in which the task starts: within a priority, each round starts one task of each owner.
  -- private.next_image_round computes the number.
  round bigint not null,
  priority integer not null,
  -- Between priorities, the priority with the earliest due task is served first.
  due_at timestamptz not null,
  prompt text not null,
  status text not null default 'pending',
  started_no bigint,
  -- Tries at the provider. A try does not count when our process died during it.
  attempts integer not null default 0,
  retry_at timestamptz,
  -- The token of the current attempt, and the time from which its drawing counts as finished even without an answer. An
  -- ended task uses the lane's concurrency until drawing_until is past or null.
  attempt_token uuid,
  drawing_until timestamptz,
  image_path text,
  thumbnail_path text,
  error_code text,
  error_message text,
  -- The number grows with every change. So of two copies of a task, the copy with the higher revision is newer.
  revision integer not null default 1,
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  constraint image_tasks_stand_in_line_one_by_one unique (lane, sequence),
  constraint image_tasks_status_is_valid
    check (status in ('pending', 'processing', 'waiting', 'completed', 'failed', 'canceled', 'skipped')),
  constraint image_tasks_end_when_their_status_says_so
    check ((status in ('completed', 'failed', 'canceled', 'skipped')) = (ended_at is not null)),
  constraint image_tasks_know_when_they_are_tried_again check ((status = 'waiting') = (retry_at is not null)),
  constraint image_tasks_in_a_place_have_been_started
    check (status not in ('processing', 'waiting') or (started_no is not null and started_at is not null)),
  constraint image_tasks_completed_ones_have_their_picture
    check (status <> 'completed' or (image_path is not null and thumbnail_path is not null)),
  constraint image_tasks_prompt_is_short check (length(prompt) between 1 and 2000)
) with (fillfactor = 70);
create unique index image_tasks_by_job on public.image_tasks (job_id);
create index image_tasks_line on public.image_tasks (lane, priority, round, sequence) where ended_at is null;
create index image_tasks_ended on public.image_tasks (lane, ended_at) where ended_at is not null;
-- Ended tasks whose picture may still be drawn.
create index image_tasks_drawn_on on public.image_tasks (lane)
  where ended_at is not null and drawing_until is not null;
create index image_tasks_by_owner on public.image_tasks (owner, created_at desc, id desc);
create index image_tasks_newest_first on public.image_tasks (created_at desc, id desc);

create function private.count_revision()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.revision := old.revision + 1;
  return new;
end
$$;
create trigger image_tasks_count_their_revisions
  before update on public.image_tasks for each row execute function private.count_revision();

create trigger image_tasks_leave_their_files after delete on public.image_tasks
  for each row execute function private.leave_files('images', 'tasks/{id}/picture', 'tasks/{id}/thumbnail');

alter table public.image_lanes enable row level security;
alter table public.image_tasks enable row level security;
revoke all on public.image_lanes, public.image_tasks from anon, authenticated;
grant select, insert, update, delete on public.image_lanes, public.image_tasks to service_role;
select private.register_erasable('public.image_tasks', 'id', '{prompt,error_message}');
revoke execute on function private.count_revision from public, anon, authenticated;
grant execute on function private.count_revision to service_role;
