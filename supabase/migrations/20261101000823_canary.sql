-- A canary is a small job that the monitor sends through the whole path (event, engine, function, database) to see
-- whether work gets done at all. The canary has priority 2, because a function may need more than P1's second to start.

select private.register_work_kind('{"function_id": "run-canary", "event_name": "monitoring/canary", "kind": "canary",
  "priority": 2, "per_second": null, "waiting": null, "by_promise": false, "keep_completed": 20, "keep_failed": 100,
  "summary": "Does no work: its end shows the monitor that work gets done"}');

-- Sends a canary when p_every has passed since the last canary. When the last canary is overdue, the next one is sent
-- at once, so that the end of a failure is noticed soon. A canary that has not ended is canceled first, so that at most
-- one canary is under way. Returns whether a canary was sent.
create function public.send_canary(p_every interval, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_monitor private.monitor;
  v_id constant uuid := gen_random_uuid();
  v_wait interval;
begin
  select * into v_monitor from private.monitor for update;
  -- A minute is subtracted, because housekeeping does not run at exact seconds.
  select case when status = 'completed' then p_every - interval '1 minute' else interval '4 minutes' end into v_wait
  from public.jobs where id = v_monitor.canary_job_id;
  if v_monitor.canary_sent_at > p_now - coalesce(v_wait, p_every) then
    return false;
  end if;
  perform private.end_job(v_monitor.canary_job_id, 'canceled', null,
    '{"code": "canceled", "message": "It was not completed in time, and another canary was sent"}', p_now);
  perform private.accept_job(jsonb_build_object('id', v_id, 'event', 'monitoring/canary',
    'data', jsonb_build_object('sentAt', p_now), 'requester', 'monitor', 'owner', null), p_now);
  perform private.ask_for_outbox();
  update private.monitor set canary_job_id = v_id, canary_sent_at = p_now where id;
  return true;
end
$$;

revoke execute on function public.send_canary from public, anon, authenticated;
grant execute on function public.send_canary to service_role;
