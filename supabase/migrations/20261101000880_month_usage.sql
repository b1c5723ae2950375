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
  -- Jobs that ended before this time are counted.
  counted_until timestamptz not null,
  constraint usage_tally_has_one_row check (id)
);
insert into private.usage_tally (counted_until) values ('-infinity');
alter table private.usage_by_day enable row level security;
alter table private.usage_tally enable row level security;
grant select, insert, update, delete on private.usage_by_day, private.usage_tally to service_role;

-- Counts the jobs that have ended since the last call, each once, and deletes days from more than 400 days ago. A
-- transaction may commit later than the time that it wrote, so the newest minute waits for the next call. Returns how
-- many jobs were counted.
create function public.tally_usage(p_now timestamptz)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_until constant timestamptz := p_now - interval '1 minute';
  v_since timestamptz;
  v_count bigint;
begin
  select counted_until into v_since from private.usage_tally for update;
  if v_since >= v_until then
    return 0;
  end if;
  with ended as (
    select (jobs.ended_at at time zone 'UTC')::date as day, jobs.function_id, jobs.status, runs.*, parts.*,
      case when jobs.function_id in ('send-mail', 'send-bulk-mail') then (jobs.status = 'completed')::integer
        when jobs.function_id = 'send-email-campaign' and jsonb_typeof(jobs.result -> 'sent') = 'number'
          then (jobs.result ->> 'sent')::bigint
        else 0
      end as mails
    from public.jobs
    cross join lateral (
      select count(*) as runs, coalesce(sum(attempts - 1), 0) as retries from public.job_runs where job_id = jobs.id
    ) as runs
    -- A job without a run sent no events for its parts, because a request did their work. A job that resumes a campaign
    -- sends events for the parts of another job, so the number of parts is in its result.
    cross join lateral (
      select case when jobs.function_id = 'resume-email-campaign' and jsonb_typeof(jobs.result -> 'parts') = 'number'
        then (jobs.result ->> 'parts')::bigint
        else (select count(*) from public.job_parts where job_id = jobs.id and runs.runs > 0) end as parts
    ) as parts
    where jobs.ended_at >= v_since and jobs.ended_at < v_until
  ), counted as (
    insert into private.usage_by_day as usage
    select day, function_id, count(*), sum(runs), sum(retries), count(*) filter (where parts > 0), sum(parts),
      count(*) filter (where status = 'failed'), sum(mails)
    from ended group by day, function_id
    on conflict (day, function_id) do update set
      job_count = usage.job_count + excluded.job_count,
      run_count = usage.run_count + excluded.run_count,
      retry_count = usage.retry_count + excluded.retry_count,
      fan_out_count = usage.fan_out_count + excluded.fan_out_count,
      part_count = usage.part_count + excluded.part_count,
      failed_count = usage.failed_count + excluded.failed_count,
      mail_count = usage.mail_count + excluded.mail_count
  )
  select count(*) into v_count from ended;
  update private.usage_tally set counted_until = v_until where id;
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

revoke execute on function public.tally_usage, public.read_month_usage from public, anon, authenticated;
grant execute on function public.tally_usage, public.read_month_usage to service_role;
