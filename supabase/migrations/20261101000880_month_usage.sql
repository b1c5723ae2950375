-- How much the work of each day used. The numbers are counted from the ledger before it deletes old jobs. The month's
-- cost is computed from these rows.

create table private.usage_by_day (
  -- The day in UTC.
  day date not null,
  function_id text not null,
  job_count bigint not null,
  run_count bigint not null,
  -- Attempts of runs, without the first attempt of each run.
  retry_count bigint not null,
  -- How many runs sent events to parts, and how many parts got an event.
  fan_out_count bigint not null,
  part_count bigint not null,
  failed_count bigint not null,
  mail_count bigint not null,
  primary key (day, function_id)
);
create table private.usage_tally (
  id boolean primary key default true,
  -- The last end of a job that is counted: an event of the job's timeline.
  at timestamptz not null,
  job_id uuid not null,
  sequence integer not null,
  constraint usage_tally_has_one_row check (id)
);
insert into private.usage_tally (at, job_id, sequence) values ('-infinity', '00000000-0000-0000-0000-000000000000', 0);
alter table private.usage_by_day enable row level security;
alter table private.usage_tally enable row level security;
grant select, insert, update, delete on private.usage_by_day, private.usage_tally to service_role;

-- The next ends that are not counted yet, at most p_limit, each with what it adds. A job that is replayed ends again:
-- the job counts at its first end, its mails when it first completes, each run at the first end after it began, and
-- parts at the first end after they were planned. A transaction may commit later than the time that it wrote, so the
-- newest minute waits for the next call.
create function private.uncounted_ends(p_limit integer, p_now timestamptz)
returns table (
  at timestamptz, job_id uuid, sequence integer, function_id text, jobs integer, runs bigint, retries bigint,
  parts bigint, failures integer, mails bigint
)
language sql stable
set search_path = ''
as $$
  with ends as materialized (
    select ended.job_id, ended.sequence, ended.type, ended.at
    from private.usage_tally as tally
    join public.job_events as ended
      on (ended.at, ended.job_id, ended.sequence) > (tally.at, tally.job_id, tally.sequence)
    where ended.type in ('completed', 'failed', 'canceled', 'skipped') and ended.at < p_now - interval '1 minute'
    order by ended.at, ended.job_id, ended.sequence limit p_limit
  )
  select ends.at, ends.job_id, ends.sequence, jobs.function_id, (earlier.at is null)::integer, runs.*, parts.*,
    (ends.type = 'failed')::integer,
    case when ends.type <> 'completed' or earlier.is_completed then 0
      when jobs.function_id in ('send-mail', 'send-bulk-mail') then 1
      when jobs.function_id = 'send-email-campaign' and jsonb_typeof(jobs.result -> 'sent') = 'number'
        then (jobs.result ->> 'sent')::bigint
      else 0
    end
  from ends
  join public.jobs on jobs.id = ends.job_id
  cross join lateral (
    select max(before.at) as at, coalesce(bool_or(before.type = 'completed'), false) as is_completed
    from public.job_events as before
    where before.job_id = ends.job_id and before.sequence < ends.sequence
      and before.type in ('completed', 'failed', 'canceled', 'skipped')
  ) as earlier
  cross join lateral (
    select count(*) as runs, coalesce(sum(attempts - 1), 0) as retries from public.job_runs
    where job_runs.job_id = ends.job_id and started_at <= ends.at and coalesce(started_at > earlier.at, true)
  ) as runs
  -- A job without a run sent no events for its parts, because a request did their work. A job that resumes a campaign
  -- sends events for the parts of another job, so the number of parts is in its result.
  cross join lateral (
    select case when jobs.function_id = 'resume-email-campaign' and jsonb_typeof(jobs.result -> 'parts') = 'number'
      then case when ends.type = 'completed' and not earlier.is_completed then (jobs.result ->> 'parts')::bigint else 0 end
      else (select count(*) from public.job_parts join public.job_plans using (job_id)
        where job_id = ends.job_id and runs.runs > 0 and coalesce(planned_at > earlier.at, earlier.at is null)) end as parts
  ) as parts;
$$;

-- Counts the ends of jobs since the last call, each once and at most p_limit, and deletes days from more than 400 days
-- ago. Returns how many ends were counted.
create function public.tally_usage(p_limit integer, p_now timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  perform from private.usage_tally for update;
  with ended as materialized (
    select * from private.uncounted_ends(p_limit, p_now)
  ), counted as (
    insert into private.usage_by_day as usage
    select (at at time zone 'UTC')::date, function_id, sum(jobs), sum(runs), sum(retries),
      count(*) filter (where parts > 0), sum(parts), sum(failures), sum(mails)
    from ended group by 1, 2
    on conflict (day, function_id) do update set
      job_count = usage.job_count + excluded.job_count,
      run_count = usage.run_count + excluded.run_count,
      retry_count = usage.retry_count + excluded.retry_count,
      fan_out_count = usage.fan_out_count + excluded.fan_out_count,
      part_count = usage.part_count + excluded.part_count,
      failed_count = usage.failed_count + excluded.failed_count,
      mail_count = usage.mail_count + excluded.mail_count
  ), moved as (
    update private.usage_tally set at = last.at, job_id = last.job_id, sequence = last.sequence
    from (select * from ended order by at desc, job_id desc, sequence desc limit 1) as last
    where usage_tally.id
  )
  select count(*) into v_count from ended;
  delete from private.usage_by_day where day < (p_now - interval '400 days')::date;
  return v_count;
end
$$;

-- The sums of a month (UTC) by function.
create function public.read_month_usage(p_month date)
returns table (
  function_id text, job_count bigint, run_count bigint, retry_count bigint, fan_out_count bigint, part_count bigint,
  failed_count bigint, mail_count bigint
)
language sql stable
set search_path = ''
as $$
  select function_id, sum(job_count)::bigint, sum(run_count)::bigint, sum(retry_count)::bigint,
    sum(fan_out_count)::bigint, sum(part_count)::bigint, sum(failed_count)::bigint, sum(mail_count)::bigint
  from private.usage_by_day where day >= p_month and day < p_month + interval '1 month'
  group by function_id order by function_id;
$$;

revoke execute on function private.uncounted_ends, public.tally_usage, public.read_month_usage from public, anon, authenticated;
grant execute on function private.uncounted_ends, public.tally_usage, public.read_month_usage to service_role;
