-- A profile is what a user says about themselves. A profile's id is the user's id in Supabase Auth.

create table public.profiles (
  id uuid primary key,
  name text not null default '',
  -- The number grows with every change, and is part of the key of the fact user.updated.
  revision integer not null default 0,
  updated_at timestamptz not null,
  constraint profiles_name_is_short check (length(name) <= 200)
);
alter table public.profiles enable row level security;
revoke all on public.profiles from anon, authenticated;
grant select on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;
create policy profiles_are_read_by_their_user_and_admins on public.profiles for select to authenticated using (
  id::text = (select auth.jwt()) ->> 'sub'
  or ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin'
);
select private.register_erasable('public.profiles', 'id', '{name}');

create function public.get_profile(p_id uuid)
returns setof public.profiles
language sql stable
set search_path = ''
as $$
  select * from public.profiles where id = p_id;
$$;

-- p_change: {"name"?}. Publishes user.updated to the user and to the application that made the change (p_by), unless
-- the profile stays the same.
create function public.change_profile(p_id uuid, p_change jsonb, p_by text, p_now timestamptz)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  v_profile public.profiles;
  v_owner text;
begin
  insert into public.profiles (id, updated_at) values (p_id, p_now) on conflict (id) do nothing;
  update public.profiles set name = p_change ->> 'name', revision = revision + 1, updated_at = p_now
  where id = p_id and name <> p_change ->> 'name'
  returning * into v_profile;
  if v_profile.id is null then
    select * into v_profile from public.profiles where id = p_id;
    return v_profile;
  end if;
  for v_owner in select distinct owner from unnest(array[p_id::text, p_by]) as owner order by owner loop
    perform private.publish_fact('user.updated', v_owner, p_id || ':' || v_profile.revision, jsonb_build_object(
      'userId', p_id, 'name', v_profile.name, 'revision', v_profile.revision,
      'updatedAt', p_now), p_now);
  end loop;
  return v_profile;
end
$$;

revoke execute on function public.get_profile, public.change_profile from public, anon, authenticated;
grant execute on function public.get_profile, public.change_profile to service_role;
