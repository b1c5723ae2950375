-- The ledger's list of jobs for exports and reports.

create function private.figures_of_jobs(p_owner text, p_from timestamptz, p_to timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with work as materialized (
    select kind, ended_at - started_at as took from public.jobs
    where (p_owner is null or owner = p_owner) and created_at >= p_from and created_at < p_to
  )
  select jsonb_build_object(
    'byKind', (select coalesce(jsonb_agg(jsonb_build_array(kind, count) order by count desc, kind), '[]')
      from (select kind, count(*) from work group by kind order by 2 desc, 1 limit 8) as by_kind),
    'medianSeconds', (select extract(epoch from percentile_cont(0.5) within group (order by took))
      from work where took is not null));
$$;
select private.register_export('{"name": "analytics", "from_sql": "public.jobs as t", "status_sql": "t.status",
  "figures_function": "private.figures_of_jobs", "columns": [["Job", "t.id"], ["Kind", "t.kind"],
  ["Status", "t.status"], ["Accepted", "t.created_at"], ["Started", "t.started_at"], ["Ended", "t.ended_at"],
  ["Error", "coalesce(t.error ->> ''code'', '''')"]]}');

-- The error's message is left out, because it may contain what only operators may read.
select private.register_export('{"name": "dead_letters", "from_sql": "public.dead_letter_queue as t left join public.jobs as job on job.id = t.job_id",
  "owner_sql": "job.owner", "status_sql": "t.status", "order_sql": "t.failed_at, t.id",
  "columns": [["Dead letter", "t.id"],
  ["Function", "t.function_id"], ["Event", "t.event_name"], ["Status", "t.status"], ["Failed", "t.failed_at"],
  ["Tries", "t.attempts"], ["Error", "coalesce(t.error_code, '''')"], ["Outcome", "coalesce(t.outcome, '''')"],
  ["Job", "coalesce(t.job_id::text, '''')"]]}');

revoke execute on function private.figures_of_jobs from public, anon, authenticated;
grant execute on function private.figures_of_jobs to service_role;
