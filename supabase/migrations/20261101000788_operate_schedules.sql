-- The actions of operators on schedules: they change the times of a schedule without a deployment, and run the slots of
-- a period that have not run (a backfill). A backfill is a job with one part, whose units are the slots of the period.

-- p_cron null: the declared times are used again. Slots up to now are decided by the times before the change.
create function public.change_schedule_times(
  p_schedule text, p_cron text, p_time_zone text, p_by text, p_now timestamptz
)
returns void
language sql
set search_path = ''
as $$
  update public.schedules set operator_cron = p_cron, operator_time_zone = p_time_zone,
    changed_at = case when p_cron is not null then p_now end, changed_by = case when p_cron is not null then p_by end
  where name = p_schedule;
$$;

create function private.backfill_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, event_data ->> 'schedule' from unnest(p_jobs);
$$;
revoke execute on function private.backfill_subjects from public, anon, authenticated;
grant execute on function private.backfill_subjects to service_role;

select private.register_work_kind('{"function_id": "backfill-schedule", "event_name": "schedule/backfill",
  "kind": "backfill", "priority": 5, "by_promise": false,
  "subjects": "private.backfill_subjects",
  "summary": "Starts the missed slots of a schedule"}');

-- How many of these slots have a job already.
create function public.count_fired_slots(p_schedule text, p_slots timestamptz[])
returns integer
language sql stable
set search_path = ''
as $$
  select count(*)::integer from public.schedule_ticks
  where schedule = p_schedule and slot_at = any (p_slots) and job_id is not null;
$$;

-- Runs the next slots of a backfill, [{"at", "slot", "request"}]. Each slot runs once: a slot that has a job keeps this
-- job. p_from and p_next are numbers of slots of the period. Slots between them that are not in p_slots are on excluded
-- days. Returns "open", "done" or "lost".
create function public.backfill_slots(
  p_part_id bigint, p_token uuid, p_from bigint, p_next bigint, p_schedule text, p_reason text, p_slots jsonb,
  p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_answer text := private.hold_part_of_open_job(p_part_id, p_token, p_from);
  v_slot jsonb;
  v_job public.jobs;
  v_started integer := 0;
  v_wanted integer := jsonb_array_length(p_slots);
begin
  if v_answer is not null then
    return v_answer;
  end if;
  -- Housekeeping may be writing the same slots, so this statement waits for its lock.
  perform from public.schedules where name = p_schedule for update;
  for v_slot in
    select value from jsonb_array_elements(p_slots) where not exists (
      select from public.schedule_ticks
      where schedule = p_schedule and slot_at = (value ->> 'at')::timestamptz and job_id is not null)
    order by (value ->> 'at')::timestamptz
  loop
    v_job := private.insert_job(private.complete_request(
      v_slot -> 'request', private.work_kind(v_slot -> 'request' ->> 'functionId')), p_now);
    insert into public.schedule_ticks (schedule, slot_at, slot, fate, reason, job_id, made_at)
    values (p_schedule, (v_slot ->> 'at')::timestamptz, v_slot ->> 'slot', 'fired', p_reason, v_job.id, p_now)
    on conflict (schedule, slot_at) do update set
      fate = 'fired', reason = excluded.reason, job_id = excluded.job_id, made_at = excluded.made_at;
    v_started := v_started + 1;
  end loop;
  perform private.ask_for_outbox();
  return private.settle_part(p_part_id, p_token, jsonb_build_object(
    'started', v_started, 'alreadyRun', v_wanted - v_started, 'excluded', p_next - p_from - v_wanted), p_next, p_now);
end
$$;

revoke execute on function public.change_schedule_times, public.count_fired_slots, public.backfill_slots
  from public, anon, authenticated;
grant execute on function public.change_schedule_times, public.count_fired_slots, public.backfill_slots
  to service_role;
