-- The number of failed tries of each step of a run that were the fault of the work itself or of a provider. Outages of
-- our own services and crashes are not counted here, so the function's retry policy does not apply to them.

create table private.failed_tries (
  run_id text,
  -- Empty when the function failed outside its steps.
  step_id text,
  count integer not null default 1,
  -- The engine's number of the latest failed try.
  attempt integer not null,
  noted_at timestamptz not null,
  primary key (run_id, step_id),
  constraint failed_tries_are_counted check (count > 0)
);
alter table private.failed_tries enable row level security;
grant select, insert, update, delete on private.failed_tries to service_role;

-- Records a failed try and returns how many the step has had; a repeated report counts once. p_pauses_ms: the pause
-- before each further try, null where the error (p_delay_ms) or the engine chooses it. A try without p_pauses_ms is not
-- counted, and the result is 0. If another try follows, the timeline of the run's job gets an event with the time of
-- that try and the reason, unless the newest event is such an event already (a room may have recorded it).
create function public.note_failed_try(
  p_run_id text, p_step_id text, p_attempt integer, p_error jsonb, p_pauses_ms jsonb, p_delay_ms bigint, p_now timestamptz
)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer := 0;
  v_pause_ms bigint := p_delay_ms;
begin
  if p_pauses_ms is not null then
    insert into private.failed_tries as tries (run_id, step_id, attempt, noted_at)
    values (p_run_id, p_step_id, p_attempt, p_now)
    on conflict (run_id, step_id) do update set
      count = tries.count + (tries.attempt <> excluded.attempt)::integer,
      attempt = excluded.attempt, noted_at = excluded.noted_at
    returning count into v_count;
    v_pause_ms := coalesce((p_pauses_ms ->> (v_count - 1))::bigint, p_delay_ms);
    if v_count > jsonb_array_length(p_pauses_ms) then
      return v_count;
    end if;
  end if;
  perform private.record_job_event(runs.job_id, 'waiting', jsonb_strip_nulls(jsonb_build_object(
    'runId', p_run_id, 'attempt', p_attempt + 1, 'retryAt', p_now + v_pause_ms * interval '1 millisecond',
    'code', p_error -> 'code', 'message', p_error -> 'message')), p_now)
  from public.job_runs as runs
  where runs.run_id = p_run_id and runs.status = 'running'
    and (select type from public.job_events where job_id = runs.job_id order by sequence desc limit 1) <> 'waiting';
  return v_count;
end
$$;

revoke execute on function public.note_failed_try from public, anon, authenticated;
grant execute on function public.note_failed_try to service_role;
