-- An API key gives a program access. Only the hash of its secret is stored. A fast hash is safe here, because the
-- secret has 244 random bits.

create table public.api_keys (
  id text primary key,
  secret_hash text not null,
  name text not null,
  role text not null,
  owner text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  -- This time is written at most once a minute, so that a busy key does not cause a write per request.
  last_used_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_id_is_printable check (id ~ '^[a-z0-9]{12}$'),
  constraint api_keys_secret_hash_is_sha256 check (secret_hash ~ '^[0-9a-f]{64}$'),
  constraint api_keys_role_is_valid check (role in ('app', 'admin')),
  constraint api_keys_name_is_short check (length(name) between 1 and 200),
  constraint api_keys_owner_is_short check (length(owner) between 1 and 200),
  constraint api_keys_expire_after_they_are_made check (expires_at > created_at)
);
create index api_keys_created_at on public.api_keys (created_at desc, id desc);

alter table public.api_keys enable row level security;
revoke all on public.api_keys from anon, authenticated;
grant select, insert, update on public.api_keys to service_role;

-- Creates a key and returns it: `ns_<id>_<secret>`. The secret cannot be read later.
create function public.create_api_key(
  p_name text, p_role text, p_owner text, p_expires_at timestamptz, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_id text := left(replace(gen_random_uuid()::text, '-', ''), 12);
  v_secret text := translate(
    rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '='), '+/', '-_'
  );
begin
  insert into public.api_keys (id, secret_hash, name, role, owner, expires_at, created_at)
  values (v_id, encode(sha256(convert_to(v_secret, 'UTF8')), 'hex'), p_name, p_role, p_owner, p_expires_at, p_now);
  return jsonb_build_object('id', v_id, 'key', format('ns_%s_%s', v_id, v_secret));
end
$$;

create function public.find_api_key(p_id text, p_now timestamptz)
returns table (id text, secret_hash text, role text, owner text, is_valid boolean, use_is_due boolean)
language sql stable
set search_path = ''
as $$
  select id, secret_hash, role, owner,
    revoked_at is null and (expires_at is null or expires_at > p_now),
    last_used_at is null or last_used_at <= p_now - interval '1 minute'
  from public.api_keys where id = p_id;
$$;

create function public.note_api_key_use(p_id text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.api_keys set last_used_at = p_now
  where id = p_id and (last_used_at is null or last_used_at <= p_now - interval '1 minute');
$$;

-- The newest keys first. The hashes of the secrets are left out.
create function public.list_api_keys(p_before_at timestamptz, p_before_id text, p_limit integer)
returns table (
  id text, name text, role text, owner text, created_at timestamptz, expires_at timestamptz, last_used_at timestamptz,
  revoked_at timestamptz
)
language sql stable
set search_path = ''
as $$
  select id, name, role, owner, created_at, expires_at, last_used_at, revoked_at
  from public.api_keys
  where p_before_at is null or (created_at, id) < (p_before_at, p_before_id)
  order by created_at desc, id desc
  limit p_limit;
$$;

-- Returns true also when the key had been revoked before, and false when there is no such key.
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

revoke execute on function public.create_api_key, public.find_api_key, public.note_api_key_use,
  public.list_api_keys, public.revoke_api_key
  from public, anon, authenticated;
grant execute on function public.create_api_key, public.find_api_key, public.note_api_key_use,
  public.list_api_keys, public.revoke_api_key to service_role;
