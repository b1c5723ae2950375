-- An API key lets a program in. Only the hash of its secret is kept: 256 random bits need no slow hash.

create table public.api_keys (
  id text primary key,
  secret_hash text not null,
  name text not null,
  role text not null,
  owner text not null,
  created_at timestamptz not null,
  revoked_at timestamptz,
  constraint api_keys_id_is_printable check (id ~ '^[a-z0-9]{12}$'),
  constraint api_keys_secret_hash_is_sha256 check (secret_hash ~ '^[0-9a-f]{64}$'),
  constraint api_keys_role_is_valid check (role in ('app', 'admin'))
);

alter table public.api_keys enable row level security;
revoke all on public.api_keys from anon, authenticated;
grant select, insert, update on public.api_keys to service_role;

create function public.create_api_key(
  p_id text, p_secret_hash text, p_name text, p_role text, p_owner text, p_now timestamptz
)
returns void
language sql
set search_path = ''
as $$
  insert into public.api_keys (id, secret_hash, name, role, owner, created_at)
  values (p_id, p_secret_hash, p_name, p_role, p_owner, p_now);
$$;

create function public.find_api_key(p_id text)
returns setof public.api_keys
language sql stable
set search_path = ''
as $$
  select * from public.api_keys where id = p_id;
$$;

create function public.revoke_api_key(p_id text, p_now timestamptz)
returns boolean
language sql
set search_path = ''
as $$
  with revoked as (
    update public.api_keys set revoked_at = coalesce(revoked_at, p_now) where id = p_id returning id
  )
  select exists (select from revoked);
$$;

revoke execute on function public.create_api_key, public.find_api_key, public.revoke_api_key
  from public, anon, authenticated;
grant execute on function public.create_api_key, public.find_api_key, public.revoke_api_key to service_role;
