-- A line that a run of a job, one of its parts, or the handler of its failure has logged. A job keeps its newest 200
-- lines, which are deleted with the job. The fields of a line are masked as in the log of the host.

create table public.job_log_lines (
  id bigint generated always as identity primary key,
  job_id uuid not null references public.jobs (id) on delete cascade,
  run_id text not null,
  function_id text not null,
  at timestamptz not null,
  level text not null,
  message text not null,
  -- The other fields of the line, as JSON that may have been cut. Empty when there are no other fields.
  facts text not null,
  -- These limits are twice as high as the limits for a new line, because an erasure may replace an address with a
  -- longer word.
  constraint job_log_lines_are_short check (length(message) <= 2000 and length(facts) <= 6000)
);
create index job_log_lines_by_job on public.job_log_lines (job_id, id);
alter table public.job_log_lines enable row level security;
revoke all on public.job_log_lines from anon, authenticated;
grant select, insert, update, delete on public.job_log_lines to service_role;

-- p_lines: [{runId, functionId, at, level, message, facts}], all of one job: the job of the first line's run, or
-- p_job_id when that run has no job of its own. Lines without a job are not kept. Rows that another request is deleting
-- are skipped, so that two requests never wait for each other.
create function public.keep_log_lines(p_job_id uuid, p_lines jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  c_kept constant integer := 200;
  v_job_id uuid := coalesce((select job_id from public.job_runs where run_id = p_lines -> 0 ->> 'runId'),
    (select id from public.jobs where id = p_job_id));
begin
  if v_job_id is null then
    return;
  end if;
  insert into public.job_log_lines (job_id, run_id, function_id, at, level, message, facts)
  select v_job_id, line ->> 'runId', line ->> 'functionId', (line ->> 'at')::timestamptz, line ->> 'level',
    line ->> 'message', line ->> 'facts'
  from jsonb_array_elements(p_lines) with ordinality as lines (line, n) order by n;
  delete from public.job_log_lines where id in (
    select id from public.job_log_lines
    where job_id = v_job_id and id <= (
      select id from public.job_log_lines where job_id = v_job_id order by id desc offset c_kept limit 1)
    for update skip locked);
end
$$;

-- The lines of a job, oldest first.
create function public.job_log(p_job_id uuid, p_limit integer)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('runId', run_id, 'function', function_id, 'at', at, 'level', level, 'message', message,
    'facts', facts)
  from (
    select * from public.job_log_lines where job_id = p_job_id order by id desc limit p_limit) as newest
  order by id;
$$;

revoke execute on function public.keep_log_lines, public.job_log from public, anon, authenticated;
grant execute on function public.keep_log_lines, public.job_log to service_role;
