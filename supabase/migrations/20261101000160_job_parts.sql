-- A part is a range of a job's work that one run does: rows 1 to 1,000 of a file, or subscribers 17 to 940 of a list. A
-- plan records how far a job's work has been cut into parts. Parts and plans contain no personal data.

create table public.job_plans (
  job_id uuid primary key references public.jobs (id) on delete cascade,
  -- Where the next piece of the plan begins, in the room's own format; null: at the beginning.
  cursor jsonb,
  part_count integer not null default 0,
  total_count bigint not null default 0,
  -- When the plan was complete. Null: more parts may come, and the job cannot end yet.
  planned_at timestamptz,
  -- Facts for the job's result, in addition to the counts.
  result jsonb not null default '{}',
  -- When the job's progress was last stored.
  reported_at timestamptz,
  constraint job_plans_count_up check (part_count >= 0 and total_count >= 0)
) with (fillfactor = 70);

create table public.job_parts (
  id bigint generated always as identity primary key,
  job_id uuid not null references public.job_plans (job_id) on update cascade on delete cascade,
  part_no integer not null,
  -- The first and last number of the range, both included, and other limits that the room needs (byte offsets).
  first_no bigint not null,
  last_no bigint not null,
  bounds jsonb not null default '{}',
  -- The number at which the next run continues. Null: the run begins at first_no, or the room works in any order.
  next_no bigint,
  -- How many units the part has, how many have an outcome, and the number of each outcome: {"sent": 98, "failed": 2}. The
  -- first number may grow while the part is worked on (private.grow_part).
  total_count bigint not null,
  settled_count bigint not null default 0,
  counts jsonb not null default '{}',
  status text not null default 'pending',
  -- The run that works on the part, or else the last run that worked on it. Every claim has a new token, which proves
  -- that the claim is the current one.
  claimant text,
  lease_token uuid,
  lease_expires_at timestamptz,
  attempts integer not null default 0,
  -- How many provider errors the claimant got since it last settled work. Crashes of our own processes are not counted.
  failure_count integer not null default 0,
  -- The time until which the part's run waits, because a provider asked for a pause.
  waiting_until timestamptz,
  -- {code, message} of the part's last failed try, until something is settled after it.
  last_error jsonb,
  constraint job_parts_are_numbered unique (job_id, part_no),
  constraint job_parts_status_is_valid check (status in ('pending', 'claimed', 'dead', 'done')),
  constraint job_parts_are_ranges check (first_no <= last_no and total_count > 0),
  constraint job_parts_settle_each_unit_once check (settled_count between 0 and total_count),
  constraint job_parts_settle_everything_before_they_are_done check (status <> 'done' or settled_count = total_count),
  constraint job_parts_have_a_lease_while_claimed
    check (status <> 'claimed' or (claimant is not null and lease_token is not null and lease_expires_at is not null))
) with (fillfactor = 50);
create index job_parts_not_done on public.job_parts (job_id, part_no) where status <> 'done';

alter table public.job_plans enable row level security;
alter table public.job_parts enable row level security;
revoke all on public.job_plans, public.job_parts from anon, authenticated;
grant select, insert, update, delete on public.job_plans, public.job_parts to service_role;

-- Locks and returns the plan of a job, and creates the plan when there is none. A job that reprocesses another job
-- takes over the plan of p_from_job_id, or else of the nearest earlier job in the chain of reprocessed jobs. Parts of
-- that plan that were dead or claimed are open again when their lease has ended.
create function private.open_plan(p_job_id uuid, p_from_job_id uuid, p_now timestamptz)
returns public.job_plans
language plpgsql
set search_path = ''
as $$
declare
  v_plan public.job_plans;
  v_from_job_id uuid;
begin
  select * into v_plan from public.job_plans where job_id = p_job_id for no key update;
  if found then
    return v_plan;
  end if;
  with recursive earlier as (
    select coalesce(p_from_job_id, (select parent_job_id from public.jobs where id = p_job_id and dead_letter_id is not null)) as id,
      1 as distance
    union all
    select jobs.parent_job_id, distance + 1 from earlier join public.jobs on jobs.id = earlier.id
    where jobs.dead_letter_id is not null and distance < 100
  )
  select job_plans.job_id into v_from_job_id
  from earlier join public.job_plans on job_plans.job_id = earlier.id
  join public.jobs on jobs.id = earlier.id and jobs.ended_at is not null
  order by distance limit 1;

  if v_from_job_id is not null then
    -- Every statement locks parts before their plan, so that two statements cannot deadlock. When the earlier job was
    -- deleted meanwhile, no part and no plan is found.
    perform from public.job_parts where job_id = v_from_job_id order by part_no for update;
    update public.job_parts set status = 'pending' where job_id = v_from_job_id and status = 'dead';
    update public.job_plans set job_id = p_job_id where job_id = v_from_job_id returning * into v_plan;
    perform private.close_job_without_open_parts(p_job_id, p_now);
  end if;
  if v_plan.job_id is null then
    insert into public.job_plans (job_id) values (p_job_id)
    on conflict (job_id) do update set reported_at = job_plans.reported_at returning * into v_plan;
  end if;
  return v_plan;
end
$$;

-- PLAN. Adds a piece to a job's plan. p_piece: {"from": the cursor at which the piece began, "cursor": where the next
-- one begins, null after the last, "parts": [{"first", "last", "total", "bounds"?}], "result"?}. Parts are numbered
-- from 1, in order. A repeated piece changes nothing, because the plan's cursor is past it.
create function private.plan_parts(p_job_id uuid, p_piece jsonb, p_now timestamptz)
returns public.job_plans
language plpgsql
set search_path = ''
as $$
declare
  v_plan public.job_plans := private.open_plan(p_job_id, null, p_now);
  v_is_last boolean := coalesce(p_piece -> 'cursor', 'null') = 'null';
  v_parts bigint;
  v_total bigint;
begin
  if v_plan.planned_at is not null or coalesce(v_plan.cursor, 'null') <> coalesce(p_piece -> 'from', 'null') then
    return v_plan;
  end if;
  with added as (
    insert into public.job_parts (job_id, part_no, first_no, last_no, total_count, bounds)
    select p_job_id, v_plan.part_count + part.number, first, last, total, coalesce(bounds, '{}')
    from rows from (jsonb_to_recordset(coalesce(p_piece -> 'parts', '[]'))
      as (first bigint, last bigint, total bigint, bounds jsonb)) with ordinality
      as part (first, last, total, bounds, number)
    returning total_count
  )
  select count(*), coalesce(sum(total_count), 0) into v_parts, v_total from added;
  update public.job_plans set
    cursor = nullif(p_piece -> 'cursor', 'null'),
    part_count = part_count + v_parts,
    total_count = total_count + v_total,
    result = result || coalesce(p_piece -> 'result', '{}'),
    planned_at = case when v_is_last then p_now end
  where job_id = p_job_id returning * into v_plan;
  perform private.advance_job(p_job_id, 0, v_plan.total_count, p_now);
  if v_is_last then
    perform private.close_job_without_open_parts(p_job_id, p_now);
  end if;
  return v_plan;
end
$$;

create function private.describe_plan(p_plan public.job_plans)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('jobId', p_plan.job_id, 'planned', p_plan.planned_at is not null, 'cursor', p_plan.cursor,
    'parts', p_plan.part_count, 'total', p_plan.total_count);
$$;

-- private.open_plan and private.plan_parts for a room that cuts its work in TypeScript. Each returns {"jobId",
-- "planned", "cursor", "parts", "total"}.
create function public.open_plan(p_event_id text, p_function_id text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, p_function_id);
begin
  if v_job_id is null then
    perform private.refuse(404, 'not_found', 'The run has no job');
  end if;
  return private.describe_plan(private.open_plan(v_job_id, null, p_now));
end
$$;

create function public.plan_parts(p_job_id uuid, p_piece jsonb, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  select private.describe_plan(private.plan_parts(p_job_id, p_piece, p_now));
$$;

revoke execute on function private.open_plan, private.plan_parts, private.describe_plan, public.open_plan,
  public.plan_parts from public, anon, authenticated;
grant execute on function private.open_plan, private.plan_parts, private.describe_plan, public.open_plan,
  public.plan_parts to service_role;
