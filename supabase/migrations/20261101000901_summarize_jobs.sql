-- The values that the filters of the list of jobs offer, and the number of jobs that match.

-- {total: at most p_most + 1, or null for a search, which has no index; kinds, functions, requesters: those of the newest
-- 10,000 jobs, at most 100 each}. p_owner null sees every job.
create function public.summarize_jobs(
  p_owner text, p_status text, p_kind text, p_function_id text, p_requester text, p_parent_job_id uuid, p_search text,
  p_from timestamptz, p_to timestamptz, p_most integer
)
returns jsonb
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
declare
  v_total bigint;
  v_lists jsonb;
begin
  if p_search is null then
    select count(*) into v_total from (
      select from public.jobs
      where (p_owner is null or owner = p_owner)
        and (p_status is null or status = p_status)
        and (p_kind is null or kind = p_kind)
        and (p_function_id is null or function_id = p_function_id)
        and (p_requester is null or requester = p_requester)
        and (p_parent_job_id is null or parent_job_id = p_parent_job_id)
        and (p_from is null or created_at >= p_from)
        and (p_to is null or created_at < p_to)
      limit p_most + 1) as matching;
  end if;
  with newest as (
    select kind, function_id, requester from public.jobs
    where p_owner is null or owner = p_owner
    order by created_at desc, id desc limit 10000
  )
  select jsonb_build_object(
    'kinds', array(select distinct kind from newest order by kind limit 100),
    'functions', array(select distinct function_id from newest order by function_id limit 100),
    'requesters', array(select distinct requester from newest order by requester limit 100)) into v_lists;
  return v_lists || jsonb_build_object('total', v_total);
end
$$;

revoke execute on function public.summarize_jobs from public, anon, authenticated;
grant execute on function public.summarize_jobs to service_role;
