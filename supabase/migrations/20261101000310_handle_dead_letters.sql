-- How dead letters are created, cause alerts and are handled, and how their outcome is recorded.

-- Whether a cause had dead letters, and none of them is open or being reprocessed.
create function private.is_fixed(p_fingerprint text)
returns boolean
language sql stable
set search_path = ''
as $$
  select exists (select from public.dead_letter_queue where fingerprint = p_fingerprint)
    and not exists (select from public.dead_letter_queue where fingerprint = p_fingerprint and status = 'failed')
    and not exists (select from public.dead_letter_queue
      where fingerprint = p_fingerprint and status = 'reprocessed' and outcome is null);
$$;

-- Records a failed run as a dead letter and an error, and ends its job. Repeated calls for a run change nothing. A run
-- that ended because of a cancel is no failure. Returns the dead letter's id, or null for a cancel. p_letter: {eventId,
-- eventName, eventData, functionId, runId, parentJobId, attempts, error: {code, message, stack}, fingerprint, release}
create function public.record_dead_letter(p_letter jsonb, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_run_id text := p_letter ->> 'runId';
  v_event_id text := p_letter ->> 'eventId';
  v_function_id text := p_letter ->> 'functionId';
  v_error jsonb := p_letter -> 'error';
  v_canceled boolean := coalesce(v_error ->> 'code' = 'canceled', false);
  v_job_id uuid;
  v_parent_id uuid;
  v_letter_id uuid;
begin
  v_job_id := private.abandon_run(v_event_id, v_function_id, v_run_id,
    case when v_canceled then 'canceled' else 'failed' end,
    jsonb_strip_nulls(jsonb_build_object('code', v_error ->> 'code', 'message', v_error ->> 'message')), p_now);
  if v_canceled then
    return null;
  end if;

  v_parent_id := (select dead_letter_id from public.jobs where id = v_job_id);
  insert into public.dead_letter_queue (event_name, event_data, error_message, error_stack, attempts, failed_at,
    created_at, event_id, run_id, function_id, job_id, error_code, fingerprint, parent_id, release, reopens)
  values (p_letter ->> 'eventName', p_letter -> 'eventData', v_error ->> 'message', v_error ->> 'stack',
    -- The failed try counts, even when the ledger has no row of it.
    greatest((select attempts from public.job_runs where run_id = v_run_id), (p_letter ->> 'attempts')::integer, 1),
    p_now, p_now, v_event_id, v_run_id, v_function_id,
    coalesce(v_job_id, (select id from public.jobs where id = (p_letter ->> 'parentJobId')::uuid)),
    v_error ->> 'code', p_letter ->> 'fingerprint',
    v_parent_id, left(p_letter ->> 'release', 200),
    -- A reprocessing that fails shows that the cause was not fixed.
    v_parent_id is null and private.is_fixed(p_letter ->> 'fingerprint'))
  on conflict (run_id) do nothing
  returning id into v_letter_id;
  if v_letter_id is null then
    return (select id from public.dead_letter_queue where run_id = v_run_id);
  end if;
  insert into public.job_errors (event_id, event_name, event_data, error_message, error_stack, error_code,
    function_id, run_id, created_at)
  values (v_event_id, p_letter ->> 'eventName', p_letter -> 'eventData', v_error ->> 'message',
    v_error ->> 'stack', v_error ->> 'code', v_function_id, v_run_id, p_now)
  on conflict (run_id) do nothing;
  perform private.abandon_part(p_letter -> 'eventData', v_run_id, p_now);
  return v_letter_id;
end
$$;

-- Claims the alert of a dead letter. Returns {state, durationMs}. The states: 'claimed' (the caller must send it, even
-- when it asks a second time), 'reported' (the caller must send it, but the log and Sentry have it already), 'done'
-- (the alert was sent), 'busy' (another caller is sending the alert; its claim expires after two minutes). The duration
-- is that of the failed run, or null for a part, because the ledger does not keep the runs of parts.
create function public.claim_alert(p_letter_id uuid, p_claimant text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_state text;
begin
  update public.dead_letter_queue set alert_claimed_by = p_claimant, alert_claimed_at = p_now
  where id = p_letter_id and alerted_at is null
    and (alert_claimed_by is null or alert_claimed_by = p_claimant
      or alert_claimed_at < p_now - interval '2 minutes')
  returning case when reported_at is null then 'claimed' else 'reported' end into v_state;
  return (select jsonb_build_object(
      'state', coalesce(v_state, case when alerted_at is null then 'busy' else 'done' end),
      'durationMs', extract(epoch from runs.ended_at - runs.started_at) * 1000)
    from public.dead_letter_queue as letter left join public.job_runs as runs using (run_id)
    where letter.id = p_letter_id);
end
$$;

create function public.confirm_report(p_letter_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.dead_letter_queue set reported_at = p_now where id = p_letter_id and reported_at is null;
$$;

create function public.confirm_alert(p_letter_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.dead_letter_queue set alerted_at = p_now where id = p_letter_id and alerted_at is null;
$$;

-- Dead letters whose alert is overdue, because the process that should send it has died. The dead letters whose alert
-- was tried most recently come last, so that an alert that cannot be sent does not block other alerts.
create function public.unalerted_dead_letters(p_before timestamptz, p_limit integer)
returns setof public.dead_letter_queue
language sql stable
set search_path = ''
as $$
  select * from public.dead_letter_queue
  where alerted_at is null and status = 'failed' and failed_at < p_before
  order by coalesce(alert_claimed_at, failed_at), id limit p_limit;
$$;

-- Locks and returns a dead letter that was not handled yet. For any other dead letter, raises an error with the reason.
create function private.lock_open_letter(p_letter_id uuid)
returns public.dead_letter_queue
language plpgsql
set search_path = ''
as $$
declare
  v_letter public.dead_letter_queue;
begin
  select * into v_letter from public.dead_letter_queue where id = p_letter_id for update;
  if v_letter.id is null then
    perform private.refuse(404, 'not_found', 'DLQ item not found');
  elsif v_letter.status <> 'failed' then
    perform private.refuse(409, 'already_handled', format('Already %s by %s at %s', v_letter.status,
      v_letter.handled_by, to_char(v_letter.handled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
  end if;
  return v_letter;
end
$$;

-- Reprocesses: marks the dead letter as handled and inserts a new job into the outbox, in one transaction. When several
-- calls run at once, only one of them inserts a job. p_data: the patched data; null: the event's own.
create function public.reprocess_dead_letter(
  p_letter_id uuid, p_job_id uuid, p_by text, p_now timestamptz, p_data jsonb default null
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_letter public.dead_letter_queue := private.lock_open_letter(p_letter_id);
  v_failed public.jobs;
  v_job public.jobs;
begin
  if v_letter.event_name like 'inngest/%' then
    perform private.refuse(409, 'conflict', 'A scheduled run cannot be reprocessed: its next tick does the work');
  end if;
  select * into v_failed from public.jobs where id = v_letter.job_id;
  -- The work is wanted again now, so the deadline of the first job does not apply.
  v_job := private.insert_job(jsonb_build_object('id', p_job_id, 'functionId', v_letter.function_id,
    'event', v_letter.event_name, 'data', coalesce(p_data, case when jsonb_typeof(v_letter.event_data) = 'object'
      then v_letter.event_data - 'deadlineAt' else v_letter.event_data end),
    'requester', p_by, 'owner', v_failed.owner, 'kind', v_failed.kind, 'priority', v_failed.priority,
    'parentJobId', v_failed.id, 'deadLetterId', v_letter.id), p_now);
  if v_failed.id is not null then
    perform private.record_job_event(v_failed.id, 'reprocessed',
      jsonb_build_object('deadLetterId', v_letter.id, 'jobId', p_job_id, 'by', p_by), p_now);
  end if;
  update public.dead_letter_queue set status = 'reprocessed', reprocessed_at = p_now, handled_by = p_by,
    handled_at = p_now, reprocess_job_id = p_job_id, patched_data = p_data, refusal = null
  where id = v_letter.id;
  perform private.reopen_part(v_letter.event_data, v_letter.run_id, v_letter.function_id, p_now);
  return v_job;
end
$$;

-- Ignores a dead letter: the work stays undone, for the reason in p_note. The after_ignore function of the kind lets
-- the rest of the job end.
create function public.ignore_dead_letter(p_letter_id uuid, p_note text, p_by text, p_now timestamptz)
returns public.dead_letter_queue
language plpgsql
set search_path = ''
as $$
declare
  v_letter public.dead_letter_queue := private.lock_open_letter(p_letter_id);
  v_after_ignore text := (select after_ignore from private.work_kinds where function_id = v_letter.function_id);
begin
  update public.dead_letter_queue set status = 'ignored', note = p_note, handled_by = p_by, handled_at = p_now
  where id = v_letter.id returning * into v_letter;
  perform private.skip_part(v_letter.event_data, v_letter.run_id, v_letter.function_id, p_note, p_now);
  if v_after_ignore is not null then
    execute format('select %s($1, $2)', v_after_ignore) using v_letter, p_now;
  end if;
  return v_letter;
end
$$;

create function public.list_dead_letters(
  p_status text, p_event_name text, p_function_id text, p_error_code text, p_fingerprint text, p_job_id uuid,
  p_from timestamptz, p_to timestamptz, p_before_at timestamptz, p_before_id uuid, p_limit integer
)
returns setof public.dead_letter_queue
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select * from public.dead_letter_queue
  where (p_status is null or status = p_status)
    and (p_event_name is null or event_name = p_event_name)
    and (p_function_id is null or function_id = p_function_id)
    and (p_error_code is null or error_code = p_error_code)
    and (p_fingerprint is null or fingerprint = p_fingerprint)
    and (p_job_id is null or job_id = p_job_id)
    and (p_from is null or failed_at >= p_from)
    and (p_to is null or failed_at < p_to)
    and (p_before_at is null or (failed_at, id) < (p_before_at, p_before_id))
  order by failed_at desc, id desc
  limit p_limit;
end
$$;

revoke execute on all functions in schema private from public, anon, authenticated;
grant execute on all functions in schema private to service_role;
revoke execute on function public.record_dead_letter, public.claim_alert, public.confirm_report,
  public.confirm_alert, public.unalerted_dead_letters, public.reprocess_dead_letter, public.ignore_dead_letter, public.list_dead_letters
  from public, anon, authenticated;
grant execute on function public.record_dead_letter, public.claim_alert, public.confirm_report,
  public.confirm_alert, public.unalerted_dead_letters, public.reprocess_dead_letter, public.ignore_dead_letter, public.list_dead_letters
  to service_role;
