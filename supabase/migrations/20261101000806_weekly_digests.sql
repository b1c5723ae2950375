-- The weekly digest: each user who wants one gets it on Monday at 09:00 in their own time zone, about the seven days
-- before, unless there is nothing to report. A row says that the digest of a user and a week was mailed or left out, so
-- that each digest is mailed at most once.

create table public.weekly_digests (
  user_id uuid not null,
  -- The Monday, in the user's time zone.
  week date not null,
  -- Whether there was something to report.
  was_mailed boolean not null,
  made_at timestamptz not null,
  primary key (user_id, week)
);
create index weekly_digests_by_age on public.weekly_digests (made_at);
alter table public.weekly_digests enable row level security;
revoke all on public.weekly_digests from anon, authenticated;
grant select, insert, update, delete on public.weekly_digests to service_role;
create index user_settings_by_time_zone on public.user_settings (time_zone, user_id) where weekly_digest;

-- The users whose Monday 09:00 has come, and that have no row for this week yet. A digest is not sent after Tuesday.
create function private.due_digests(p_limit integer, p_now timestamptz)
returns table (user_id uuid, email text, week date, starts_at timestamptz, ends_at timestamptz)
language sql stable
set search_path = ''
as $$
  select settings.user_id, signups.email, zones.week, zones.starts_at, zones.ends_at
  from (
    -- The seven days are counted in local time: with the change of the clocks they have 167 or 169 hours.
    select time_zone, monday::date as week,
      (monday - interval '7 days' + interval '9 hours') at time zone time_zone as starts_at,
      (monday + interval '9 hours') at time zone time_zone as ends_at
    from (
      select time_zone, date_trunc('week', p_now at time zone time_zone) as monday
      from (select distinct time_zone from public.user_settings where weekly_digest) as used
    ) as mondays
    where p_now at time zone time_zone between monday + interval '9 hours' and monday + interval '48 hours'
  ) as zones
  join public.user_settings as settings on settings.time_zone = zones.time_zone and settings.weekly_digest
  join public.signups on signups.user_id = settings.user_id and signups.created_at < zones.ends_at
  where not exists (
    select from public.weekly_digests as made where made.user_id = settings.user_id and made.week = zones.week)
  order by settings.user_id limit p_limit;
$$;

-- A maintenance task that makes the digests. Returns {"digestCount", "mailedCount", "deletedCount"}.
create function private.make_weekly_digests(p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_counts jsonb;
  v_deleted integer;
begin
  with told as (
    select due.user_id, due.week, due.email, news.*, jobs.*
    from private.due_digests(p_limit, p_now) as due
    cross join lateral (
      select count(*) as unread from public.notifications
      where owner = due.user_id::text and read_at is null
        and created_at >= due.starts_at and created_at < due.ends_at
    ) as news
    -- Jobs count in the week in which they ended, because a job may end after the digest of the week of its acceptance.
    cross join lateral (
      select count(*) filter (where status = 'completed') as completed, count(*) filter (where status = 'failed') as failed
      from public.jobs
      where owner = due.user_id::text
        and ended_at >= due.starts_at and ended_at < due.ends_at
    ) as jobs
  ), made as (
    insert into public.weekly_digests (user_id, week, was_mailed, made_at)
    select user_id, week, unread + completed + failed > 0, p_now from told
    on conflict do nothing
    returning user_id, week, was_mailed
  ), mailed as (
    select private.send_mail(jsonb_build_object('key', 'digest:' || user_id || ':' || week,
      'template', 'weekly-digest', 'to', email, 'isBulk', true, 'priority', 4, 'fields', jsonb_build_object(
        'unread', unread, 'completed', completed, 'failed', failed)), p_now)
    from made join told using (user_id, week) where was_mailed
  )
  select jsonb_build_object('digestCount', (select count(*) from made), 'mailedCount', (select count(*) from mailed))
  into v_counts;
  delete from public.weekly_digests where ctid = any (array(
    select ctid from public.weekly_digests where made_at < p_now - interval '60 days' order by made_at limit p_limit));
  get diagnostics v_deleted = row_count;
  return v_counts || jsonb_build_object('deletedCount', v_deleted);
end
$$;
insert into private.maintenance_tasks (name, function, at_least_every)
values ('send-digests', 'private.make_weekly_digests', '25 hours');

create function public.get_user_settings(p_user_id uuid)
returns setof public.user_settings
language sql stable
set search_path = ''
as $$
  select * from public.user_settings where user_id = p_user_id;
$$;

-- p_change: {"timeZone"?, "weeklyDigest"?}.
create function public.change_user_settings(p_user_id uuid, p_change jsonb, p_now timestamptz)
returns setof public.user_settings
language plpgsql
set search_path = ''
as $$
begin
  -- Offsets such as +02:00 are refused, because they have no daylight saving time.
  if p_change ? 'timeZone'
    and not exists (select from pg_catalog.pg_timezone_names where name = p_change ->> 'timeZone')
  then
    perform private.refuse(400, 'invalid_request', 'The database does not know this time zone');
  end if;
  return query
  insert into public.user_settings as settings (user_id, time_zone, weekly_digest, updated_at)
  values (p_user_id, coalesce(p_change ->> 'timeZone', 'UTC'),
    coalesce((p_change ->> 'weeklyDigest')::boolean, true), p_now)
  on conflict (user_id) do update set
    time_zone = coalesce(p_change ->> 'timeZone', settings.time_zone),
    weekly_digest = coalesce((p_change ->> 'weeklyDigest')::boolean, settings.weekly_digest),
    updated_at = p_now
  returning *;
end
$$;

revoke execute on function private.due_digests, private.make_weekly_digests, public.get_user_settings,
  public.change_user_settings from public, anon, authenticated;
grant execute on function private.due_digests, private.make_weekly_digests, public.get_user_settings,
  public.change_user_settings to service_role;
