-- An alert is one problem of the installation. It begins with the run of the monitor that first finds the problem, and
-- ends with the run that finds it resolved. A rule says what is watched; the thresholds are configuration
-- (src/monitoring/thresholds.ts).

create table private.alert_rules (
  rule text primary key,
  severity text not null,
  -- Whether the rule fires below its threshold instead of above it.
  is_below boolean not null default false,
  -- The query finds the rows that caused an alert, worst first. People run the query unchanged; the monitor replaces
  -- now() with its own time. {subject} is the alert's subject.
  query text not null,
  constraint alert_rules_severity_is_valid check (severity in ('warning', 'error'))
);
alter table private.alert_rules enable row level security;
grant select on private.alert_rules to service_role;

insert into private.alert_rules (rule, severity, query) values
  ('queue-depth', 'warning',
    'select id, kind, priority, ready_at from private.waiting_jobs where ready_at <= now() order by ready_at, id'),
  ('queue-depth-critical', 'error',
    'select id, kind, priority, ready_at from private.waiting_jobs where ready_at <= now() order by ready_at, id'),
  ('oldest-waiting', 'warning',
    'select id, kind, ready_at from private.waiting_jobs where ready_at <= now() and ''P'' || priority = {subject} order by ready_at, id'),
  ('processing-time', 'warning',
    'select id, function_id, ended_at - started_at as took from public.jobs where kind = {subject} and progress_total is null and status in (''completed'', ''failed'') and ended_at > now() - interval ''1 hour'' order by took desc, id'),
  ('failure-rate', 'warning',
    'select id, kind, error ->> ''code'' as code, ended_at from public.jobs where status = ''failed'' and ended_at > now() - interval ''1 hour'' order by ended_at desc, id'),
  ('retry-rate', 'warning',
    'select jobs.id, jobs.kind, count(*) as retries from public.job_events as events join public.jobs on jobs.id = events.job_id where events.type in (''retrying'', ''attempt'') and events.at > now() - interval ''1 hour'' group by jobs.id order by retries desc, jobs.id'),
  ('dead-letters', 'warning',
    'select id, function_id, error_code, failed_at from public.dead_letter_queue where status = ''failed'' and failed_at > now() - interval ''1 hour'' order by failed_at desc, id'),
  ('promise-burn', 'error',
    'select id, kind, due_at, started_at from public.jobs where ''P'' || priority = {subject} and (started_at > now() - interval ''1 hour'' and started_at > due_at or due_at < now() and id in (select id from private.waiting_jobs)) order by due_at, id'),
  ('promise-late', 'warning',
    'select id, kind, due_at, started_at from public.jobs where ''P'' || priority = {subject} and (started_at > now() - interval ''1 hour'' and started_at > due_at or due_at < now() and id in (select id from private.waiting_jobs)) order by due_at, id'),
  ('outbox-lag', 'error',
    'select id, function_id, released_at from public.jobs where sent_at is null and status = ''queued'' and released_at <= now() order by released_at, id'),
  ('missed-ticks', 'error',
    'select name, cron, checked_until from public.schedules where name = {subject}'),
  ('late-tasks', 'error',
    'select name, wanted_at, run_at, result from private.maintenance_tasks where name = {subject}'),
  ('disabled-endpoints', 'warning',
    'select id, disabled_reason, disabled_at from public.webhook_endpoints where disabled_reason in (''gone'', ''failing'') and disabled_at > now() - interval ''1 day'' order by disabled_at desc, id'),
  ('paused-work', 'warning',
    'select function_id, paused_at, paused_by from private.pauses where function_id = {subject}'),
  ('refused-campaigns', 'error',
    'select id, status, note, stopped_at from public.campaigns where stopped_at > now() - interval ''1 day'' order by stopped_at desc, id'),
  ('canary', 'error',
    'select jobs.id, jobs.status, jobs.created_at, jobs.sent_at from private.monitor join public.jobs on jobs.id = monitor.canary_job_id');
insert into private.alert_rules (rule, severity, is_below, query) values
  ('throughput', 'warning', true,
    'select id, kind, ready_at from private.waiting_jobs where ready_at <= now() order by ready_at, id');

create table public.alerts (
  id uuid primary key default gen_random_uuid(),
  rule text not null,
  -- The subject of the alert: a class (P1), a kind of work, or the name of a schedule, task or function. Empty: the whole installation.
  subject text not null default '',
  severity text not null,
  status text not null default 'open',
  -- What the monitor last read, in the rule's unit, and the threshold at that time.
  value double precision not null,
  threshold double precision not null,
  query text not null,
  -- The first three rows of the query.
  offenders jsonb not null,
  opened_at timestamptz not null,
  -- When the monitor last found the problem.
  seen_at timestamptz not null,
  reminded_at timestamptz,
  reminder_count integer not null default 0,
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_at timestamptz,
  -- The type of the message that Slack has not received yet, and until when a process has claimed it.
  untold text,
  claimed_until timestamptz,
  constraint alerts_status_is_valid check (status in ('open', 'acknowledged', 'resolved')),
  constraint alerts_untold_is_valid check (untold in ('opened', 'reminded', 'resolved')),
  constraint alerts_say_when_they_were_resolved check ((status = 'resolved') = (resolved_at is not null)),
  constraint alerts_say_who_acknowledged_them check ((acknowledged_at is null) = (acknowledged_by is null)),
  constraint alerts_acknowledged_ones_say_when check (status <> 'acknowledged' or acknowledged_at is not null)
);
-- A rule and a subject have at most one unresolved alert.
create unique index alerts_one_at_a_time on public.alerts (rule, subject) where status <> 'resolved';
create index alerts_newest_first on public.alerts (opened_at desc, id desc);
create index alerts_untold on public.alerts (opened_at) where untold is not null;
create index alerts_resolved on public.alerts (resolved_at) where status = 'resolved';

alter table public.alerts enable row level security;
revoke all on public.alerts from anon, authenticated;
grant select, insert, update, delete on public.alerts to service_role;

create function private.first_offenders(p_query text, p_now timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_offenders jsonb;
begin
  execute format('select coalesce(jsonb_agg(to_jsonb(found)), ''[]'') from (%s limit 3) as found',
    replace(p_query, 'now()', '$1')) into v_offenders using p_now;
  return v_offenders;
end
$$;

-- One run of the monitor. Simultaneous calls run one after the other.
--   p_thresholds  {"queue-depth": 1000, "oldest-waiting:P1": 60}; a rule without one, or with null, does not fire
--   p_slots       the declared schedules with their newest slots that must have been decided; see read_schedules
--   p_mail_to     the addresses that get a mail about each alert
--   p_remind_after  how long until an alert that is not acknowledged is sent again
-- An alert is resolved when two runs in a row do not find it, so that a value near its threshold does not alert again
-- and again.
create function public.watch(
  p_thresholds jsonb, p_slots jsonb, p_mail_to text[], p_remind_after interval, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_last timestamptz;
  v_readings private.reading[];
  v_counts jsonb;
begin
  select looked_at into v_last from private.monitor for update;
  select array_agg(readings) into v_readings from private.read_all(p_slots, v_last, p_now) as readings;
  insert into public.alerts (rule, subject, severity, value, threshold, query, offenders, opened_at, seen_at, untold)
  select found.rule, found.subject, rules.severity, found.value, limits.threshold, query.text,
    private.first_offenders(query.text, p_now), p_now, p_now, 'opened'
  from unnest(v_readings) as found
  join private.alert_rules as rules on rules.rule = found.rule
  cross join lateral (select (p_thresholds ->> case when p_thresholds ? concat(found.rule, ':', found.subject)
    then concat(found.rule, ':', found.subject) else found.rule end)::float8 as threshold) as limits
  cross join lateral (select replace(rules.query, '{subject}', quote_literal(found.subject)) as text) as query
  where case when rules.is_below then found.value < limits.threshold else found.value > limits.threshold end
  on conflict (rule, subject) where status <> 'resolved' do update set value = excluded.value,
    threshold = excluded.threshold, query = excluded.query, offenders = excluded.offenders, seen_at = excluded.seen_at;

  update public.alerts set reminded_at = p_now, reminder_count = reminder_count + 1, untold = 'reminded'
  where status = 'open' and seen_at = p_now and coalesce(reminded_at, opened_at) <= p_now - p_remind_after;
  update public.alerts set status = 'resolved', resolved_at = p_now, untold = 'resolved'
  where status <> 'resolved' and seen_at < v_last;
  perform private.mail_alerts(p_mail_to, p_now);
  update private.monitor set looked_at = p_now where id;

  select jsonb_build_object(
    'opened', count(*) filter (where opened_at = p_now),
    'reminded', count(*) filter (where reminded_at = p_now),
    'resolved', count(*) filter (where resolved_at = p_now),
    'unresolved', count(*) filter (where status <> 'resolved'),
    'dlqCount', (select coalesce(sum(value), 0) from unnest(v_readings) where rule = 'dead-letters'),
    'alerted', count(*) filter (where rule = 'dead-letters' and seen_at = p_now))
  into v_counts from public.alerts where status <> 'resolved' or resolved_at = p_now;
  return v_counts;
end
$$;

-- Makes the mails about the alerts that changed in this run of the monitor, in the same transaction.
create function private.mail_alerts(p_to text[], p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  select private.send_mail(jsonb_build_object(
    'key', concat_ws(':', 'alert', alerts.id, changed.what, alerts.reminder_count, recipient), 'template', 'alert',
    'to', recipient, 'fields', jsonb_build_object('what', changed.what, 'rule', rule, 'subject', subject, 'value', value,
      'threshold', threshold, 'query', query, 'offenders', offenders::text)), p_now)
  from public.alerts
  cross join lateral (select case p_now when resolved_at then 'resolved' when opened_at then 'opened'
    when reminded_at then 'reminded' end as what) as changed
  cross join unnest(p_to) as recipient
  where changed.what is not null and (status <> 'resolved' or resolved_at = p_now);
$$;

-- Claims the alerts whose message Slack has not received yet. When a process dies while it sends a message, another
-- process sends it after the claim has ended.
create function public.claim_untold_alerts(p_limit integer, p_now timestamptz)
returns setof public.alerts
language sql
set search_path = ''
as $$
  update public.alerts set claimed_until = p_now + interval '1 minute'
  where id in (
    select id from public.alerts
    where untold is not null and (claimed_until is null or claimed_until <= p_now)
    order by opened_at, id limit p_limit for update skip locked)
  returning *;
$$;

create function public.confirm_told_alert(p_id uuid, p_told text)
returns void
language sql
set search_path = ''
as $$
  update public.alerts set claimed_until = null, untold = case when untold <> p_told then untold end where id = p_id;
$$;

-- An acknowledged alert is not repeated, but a last message says when it is resolved. Acknowledging an alert that is
-- acknowledged or resolved changes nothing.
create function public.acknowledge_alert(p_id uuid, p_by text, p_now timestamptz)
returns setof public.alerts
language plpgsql
set search_path = ''
as $$
begin
  update public.alerts set status = 'acknowledged', acknowledged_at = p_now, acknowledged_by = p_by
  where id = p_id and status = 'open';
  return query select * from public.alerts where id = p_id;
end
$$;

-- Newest first. p_status null: all.
create function public.list_alerts(p_status text, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns setof public.alerts
language sql stable
set search_path = ''
as $$
  select * from public.alerts
  where (p_status is null or status = p_status)
    and (p_before_at is null or (opened_at, id) < (p_before_at, p_before_id))
  order by opened_at desc, id desc limit p_limit;
$$;

-- Deletes the oldest resolved alerts. Returns their number.
create function public.purge_alerts(p_before timestamptz, p_limit integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_count integer;
begin
  delete from public.alerts where id in (
    select id from public.alerts where status = 'resolved' and resolved_at < p_before order by resolved_at limit p_limit);
  get diagnostics v_count = row_count;
  return v_count;
end
$$;

revoke execute on function private.first_offenders, private.mail_alerts from public, anon, authenticated;
grant execute on function private.first_offenders, private.mail_alerts to service_role;
revoke execute on function public.watch, public.claim_untold_alerts, public.confirm_told_alert,
  public.acknowledge_alert, public.list_alerts, public.purge_alerts
  from public, anon, authenticated;
grant execute on function public.watch, public.claim_untold_alerts, public.confirm_told_alert,
  public.acknowledge_alert, public.list_alerts, public.purge_alerts to service_role;
