-- A sign-up begins in the transaction in which Supabase Auth confirms a user's address, for every source of users: the
-- API, supabase-js, another provider, or an administrator. So every user has a sign-up. An address that was not
-- confirmed may belong to another person, so it gets no welcome mail.

create table public.signups (
  -- The user's id in Supabase Auth.
  user_id uuid primary key,
  email text not null,
  -- The name that the user gave at sign-up.
  name text not null,
  -- The delayed job that reminds the user to complete the profile.
  reminder_job_id uuid not null,
  created_at timestamptz not null,
  constraint signups_are_short check (length(email) between 3 and 320 and length(name) <= 200)
);
create index signups_by_address on public.signups (lower(email));

create table public.user_settings (
  user_id uuid primary key,
  -- An IANA name. Mails that are due at a local hour use it.
  time_zone text not null default 'UTC',
  weekly_digest boolean not null default true,
  updated_at timestamptz not null,
  constraint user_settings_time_zone_is_short check (length(time_zone) <= 64)
);

alter table public.signups enable row level security;
alter table public.user_settings enable row level security;
revoke all on public.signups, public.user_settings from anon, authenticated;
grant select on public.user_settings to authenticated;
grant select, insert, update, delete on public.signups, public.user_settings to service_role;
create policy user_settings_are_read_by_their_user_and_admins on public.user_settings for select to authenticated using (
  user_id::text = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);

-- There are no limits for sign-ups, because Auth has already accepted them. The sign-up has the promise of an hour,
-- because housekeeping may send its event only after five minutes. The welcome mail has the class of other mails.
select private.register_work_kind('{"function_id": "on-user-signup", "event_name": "user/signup", "kind": "signup",
  "priority": 4, "per_second": null, "waiting": null, "by_promise": false,
  "summary": "Greets a new user"}');
select private.register_work_kind('{"function_id": "set-default-settings", "event_name": "user/signup",
  "kind": "settings", "per_second": null, "waiting": null, "by_promise": false,
  "summary": "Writes a new user''s default settings"}');
select private.register_work_kind('{"function_id": "send-profile-reminder", "event_name": "user/remind-of-profile",
  "kind": "reminder", "priority": 4, "per_second": null, "waiting": null, "by_promise": false,
  "summary": "Reminds a new user to complete the profile"}');

-- Begins a user's sign-up, once: accepts the event user/signup, and a job that reminds the user of the profile after a
-- day.
create function public.begin_signup(p_user_id uuid, p_email text, p_name text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id constant uuid := gen_random_uuid();
  v_reminder_id constant uuid := gen_random_uuid();
  v_request constant jsonb := jsonb_build_object('data', jsonb_build_object('userId', p_user_id),
    'requester', 'signup');
begin
  insert into public.signups (user_id, email, name, reminder_job_id, created_at)
  values (p_user_id, p_email, left(trim(coalesce(p_name, '')), 200), v_reminder_id, p_now)
  on conflict (user_id) do nothing;
  if not found then
    return;
  end if;
  perform private.accept_job(v_request || jsonb_build_object(
    'id', v_id, 'event', 'user/signup', 'functionId', 'on-user-signup'), p_now);
  perform private.accept_job(v_request || jsonb_build_object(
    'id', v_reminder_id, 'event', 'user/remind-of-profile', 'delayMs', 86400000), p_now);
  perform private.ask_for_outbox();
end
$$;

-- Makes the welcome mail, once per user. Returns null when the user was deleted meanwhile.
create function public.welcome_user(p_user_id uuid, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_email text := (select email from public.signups where user_id = p_user_id);
begin
  if v_email is null then
    return null;
  end if;
  perform private.send_mail(jsonb_build_object('key', 'welcome:' || p_user_id, 'template', 'welcome',
    'to', v_email, 'fields', '{}'::jsonb,
    -- The first attempt and three more.
    'attempts', 4), p_now);
  return 'accepted';
end
$$;

-- Inserts the user's profile, with the name that the user gave at sign-up. An existing profile does not change.
create function public.initialize_user(p_user_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into public.profiles (id, name, updated_at)
  select user_id, name, p_now from public.signups where user_id = p_user_id
  on conflict (id) do nothing;
$$;

-- Stores an event for analytics, without the address.
create function public.track_signup(p_user_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into public.analytics_events (name, subject, at)
  select 'user_signup', user_id, p_now from public.signups where user_id = p_user_id
  on conflict do nothing;
$$;

create function public.set_default_settings(p_user_id uuid, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into public.user_settings (user_id, updated_at)
  select user_id, p_now from public.signups where user_id = p_user_id
  on conflict (user_id) do nothing;
$$;

-- Reminds a user whose profile has no name, once. Returns whether the user was reminded.
create function public.remind_of_profile(p_user_id uuid, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_email text := (select email from public.signups where user_id = p_user_id);
begin
  if v_email is null or exists (select from public.profiles where id = p_user_id and name <> '') then
    return false;
  end if;
  perform private.send_mail(jsonb_build_object('key', 'profile-reminder:' || p_user_id,
    'template', 'complete-profile-reminder', 'to', v_email, 'fields', '{}'::jsonb,
    'priority', 4), p_now);
  return true;
end
$$;

revoke execute on function public.begin_signup, public.welcome_user, public.initialize_user, public.track_signup,
  public.set_default_settings, public.remind_of_profile from public, anon, authenticated;
grant execute on function public.begin_signup, public.welcome_user, public.initialize_user, public.track_signup,
  public.set_default_settings, public.remind_of_profile to service_role;
