-- The ledger's statistics of one day: how many jobs of each kind were accepted and how they ended, and which errors
-- were most frequent.

select private.register_work_kind('{"function_id": "send-daily-report", "event_name": "report/send-daily",
  "summary": "Sends the report on the previous day to Slack"}');

-- Reports on the day before p_now, from midnight to midnight in p_time_zone; such a day may have 23 or 25 hours.
create function public.report_on_yesterday(p_now timestamptz, p_time_zone text)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_today timestamp := date_trunc('day', p_now at time zone p_time_zone);
  v_from timestamptz := (v_today - interval '1 day') at time zone p_time_zone;
  v_to timestamptz := v_today at time zone p_time_zone;
begin
  return jsonb_build_object(
    'day', to_char(v_today - interval '1 day', 'YYYY-MM-DD'),
    'timeZone', p_time_zone,
    'kinds', private.count_jobs_by_kind(v_from, v_to),
    'failures', (
      select coalesce(jsonb_agg(to_jsonb(failures) order by count desc, function, code), '[]') from (
        select function_id as function, coalesce(error_code, 'internal') as code, count(*) as count
        from public.dead_letter_queue where failed_at >= v_from and failed_at < v_to
        group by 1, 2 order by 3 desc, 1, 2 limit 10) as failures),
    'openLetters', (select count(*) from public.dead_letter_queue where status = 'failed'));
end
$$;

-- [{"kind", "accepted", "completed", "failed", "canceled", "skipped"}]. A job counts on the day on which it was
-- accepted and on the day on which it ended, which may differ.
create function private.count_jobs_by_kind(p_from timestamptz, p_to timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  with facts as (
    select kind, 'accepted' as fact from public.jobs where created_at >= p_from and created_at < p_to
    union all
    select kind, status from public.jobs where ended_at >= p_from and ended_at < p_to
  ), kinds as (
    select kind,
      count(*) filter (where fact = 'accepted') as accepted,
      count(*) filter (where fact = 'completed') as completed,
      count(*) filter (where fact = 'failed') as failed,
      count(*) filter (where fact = 'canceled') as canceled,
      count(*) filter (where fact = 'skipped') as skipped
    from facts group by kind
  )
  select coalesce(jsonb_agg(to_jsonb(kinds) order by kind), '[]') from kinds;
$$;

revoke execute on function private.count_jobs_by_kind from public, anon, authenticated;
revoke execute on function public.report_on_yesterday from public, anon, authenticated;
grant execute on function private.count_jobs_by_kind to service_role;
grant execute on function public.report_on_yesterday to service_role;
