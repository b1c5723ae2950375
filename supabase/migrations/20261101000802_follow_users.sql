-- The follow-up when Supabase Auth or a user changes an account. The triggers on auth.users run with the rights of
-- their owner, because Auth's own role may not write our tables.

create function private.begin_signup_of_user()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform public.begin_signup(new.id, new.email, new.raw_user_meta_data ->> 'name', new.email_confirmed_at);
  return null;
end
$$;
create trigger users_with_a_confirmed_address_sign_up
  after insert or update of email_confirmed_at on auth.users
  for each row
  when (new.email_confirmed_at is not null and new.email is not null)
  execute function private.begin_signup_of_user();

create function private.follow_address_of_user()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.signups set email = new.email where user_id = new.id;
  return null;
end
$$;
create trigger changed_addresses_are_followed after update of email on auth.users
  for each row
  when (new.email is distinct from old.email and length(new.email) between 3 and 320)
  execute function private.follow_address_of_user();

create function private.cancel_profile_reminder(p_user_id uuid, p_reason text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  select private.end_job(reminder_job_id, 'canceled', null,
    jsonb_build_object('code', 'canceled', 'by', p_reason), p_now)
  from public.signups where user_id = p_user_id;
$$;

create function private.forget_user(p_user_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.cancel_profile_reminder(p_user_id, 'the user was deleted', p_now);
  delete from public.signups where user_id = p_user_id;
  delete from public.user_settings where user_id = p_user_id;
  delete from public.weekly_digests where user_id = p_user_id;
  delete from public.profiles where id = p_user_id;
end
$$;

create function private.forget_deleted_user()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.forget_user(old.id, now());
  return null;
end
$$;
create trigger deleted_users_are_forgotten after delete on auth.users
  for each row execute function private.forget_deleted_user();

create function private.follow_completed_profile()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.cancel_profile_reminder(new.id, 'the profile is complete', new.updated_at);
  return null;
end
$$;
create trigger complete_profiles_need_no_reminder after insert or update of name on public.profiles
  for each row when (new.name <> '') execute function private.follow_completed_profile();

create function private.erase_signups(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_user_ids uuid[] := array(select user_id from public.signups where lower(email) = lower(p_email));
begin
  perform private.forget_user(user_id, p_now) from unnest(v_user_ids) as user_id;
  return jsonb_build_object('cursor', null, 'counts',
    case when v_user_ids = '{}' then '{}' else jsonb_build_object('signups', cardinality(v_user_ids)) end);
end
$$;
select private.register_eraser('private.erase_signups(text, text, timestamptz)');
select private.register_erasable('public.signups', 'user_id', '{name}');

revoke execute on function private.begin_signup_of_user, private.follow_address_of_user, private.cancel_profile_reminder, private.forget_user,
  private.forget_deleted_user, private.follow_completed_profile, private.erase_signups
  from public, anon, authenticated;
grant execute on function private.cancel_profile_reminder, private.forget_user, private.erase_signups to service_role;
