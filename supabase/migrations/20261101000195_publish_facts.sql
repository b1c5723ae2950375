-- A fact is something that has happened and that other software may want to know: job.completed, report.ready. A room
-- publishes a fact in the transaction that makes the fact true. So no fact is lost, and no untrue fact is published.

create table private.fact_listeners (
  -- The name of a function (type text, owner text, key text, data jsonb, now timestamptz). The function is called in
  -- the publisher's transaction.
  function_name text primary key
);
alter table private.fact_listeners enable row level security;
grant select on private.fact_listeners to service_role;

create function private.register_fact_listener(p_function regprocedure)
returns void
language sql
set search_path = ''
as $$
  insert into private.fact_listeners (function_name) select oid::regproc::text from pg_proc where oid = p_function;
$$;

-- p_type: a name of the catalog (a room's facts.ts). p_key: identifies the fact among those of its type, such as the
-- job's id; publishing the same key again changes nothing. p_data: ids and figures. A fact without an owner is not
-- published.
create function private.publish_fact(p_type text, p_owner text, p_key text, p_data jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_function text;
begin
  if p_owner is null then
    return;
  end if;
  for v_function in select function_name from private.fact_listeners order by function_name loop
    execute format('select %s($1, $2, $3, $4, $5)', v_function) using p_type, p_owner, p_key, p_data, p_now;
  end loop;
end
$$;

-- A job has completed, or failed for good.
create function private.publish_job_fact(p_job public.jobs, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  select private.publish_fact('job.' || p_job.status, p_job.owner, p_job.id::text, jsonb_strip_nulls(
    jsonb_build_object('jobId', p_job.id, 'kind', p_job.kind, 'createdAt', p_job.created_at, 'endedAt', p_job.ended_at,
      'parentJobId', p_job.parent_job_id, 'errorCode', p_job.error -> 'code')), p_now)
  where p_job.status in ('completed', 'failed');
$$;

revoke execute on function private.register_fact_listener, private.publish_fact, private.publish_job_fact
  from public, anon, authenticated;
grant execute on function private.publish_fact, private.publish_job_fact to service_role;
