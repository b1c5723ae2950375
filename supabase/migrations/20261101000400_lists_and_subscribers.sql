-- A subscriber is one address on one list. A list may have hundreds of thousands of subscribers, so the key is a
-- bigint, of which bulk work reads ranges.

create table public.email_lists (
  id uuid primary key default gen_random_uuid(),
  owner text not null,
  name text not null,
  created_at timestamptz not null,
  constraint email_lists_name_has_a_sensible_length check (length(name) between 1 and 200)
);
create index email_lists_by_owner on public.email_lists (owner, created_at desc, id desc);
create index email_lists_newest_first on public.email_lists (created_at desc, id desc);

create table public.email_subscribers (
  id bigint generated always as identity primary key,
  list_id uuid not null references public.email_lists (id) on delete cascade,
  email text not null,
  -- The values of merge fields: {"name": "Ada"}.
  fields jsonb not null default '{}',
  -- The status is derived from the suppressions of the address. An erased row keeps only its id. Campaigns that were
  -- planned before the erasure skip such a row, and no API shows it.
  status text not null default 'active',
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint email_subscribers_status_is_valid
    check (status in ('active', 'unsubscribed', 'bounced', 'complained', 'suppressed', 'erased')),
  constraint email_subscribers_email_has_a_sensible_length check (length(email) between 3 and 320),
  constraint email_subscribers_fields_are_an_object check (jsonb_typeof(fields) = 'object')
);
create unique index email_subscribers_are_once_on_a_list on public.email_subscribers (list_id, lower(email));
create index email_subscribers_by_list on public.email_subscribers (list_id, id);
-- This index is small, because few subscribers are not active. Sending reads it for each batch, to find subscribers
-- that left after the campaign was planned.
create index email_subscribers_who_left on public.email_subscribers (list_id, id) where status <> 'active';

alter table public.email_lists enable row level security;
alter table public.email_subscribers enable row level security;
revoke all on public.email_lists, public.email_subscribers from anon, authenticated;
grant select, insert, update, delete on public.email_lists, public.email_subscribers to service_role;

-- Requests with one idempotency key have the same p_id. A repeated request returns the list of the first request. A
-- different request with the same key is refused.
create function public.create_email_list(p_id uuid, p_owner text, p_name text, p_now timestamptz)
returns public.email_lists
language plpgsql
set search_path = ''
as $$
declare
  v_list public.email_lists;
begin
  insert into public.email_lists (id, owner, name, created_at) values (p_id, p_owner, p_name, p_now)
  on conflict (id) do nothing;
  select * into v_list from public.email_lists where id = p_id and owner = p_owner and name = p_name;
  if not found then
    perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another request');
  end if;
  return v_list;
end
$$;

-- p_owner null is an admin, who sees every list.
create function private.require_email_list(p_list_id uuid, p_owner text)
returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if not exists (
    select from public.email_lists where id = p_list_id and (p_owner is null or owner = p_owner)
  ) then
    perform private.refuse(404, 'not_found', 'List not found');
  end if;
end
$$;

create function private.owner_of_list(p_list_id uuid)
returns text
language sql stable
set search_path = ''
as $$
  select owner from public.email_lists where id = p_list_id;
$$;

-- How many subscribers of the list have each status.
create function private.count_email_subscribers(p_list_id uuid)
returns jsonb
language sql stable
set search_path = ''
as $$
  select '{"active": 0, "unsubscribed": 0, "bounced": 0, "complained": 0, "suppressed": 0}'::jsonb
    || coalesce(jsonb_object_agg(status, n), '{}')
  from (
    select status, count(*) as n from public.email_subscribers
    where list_id = p_list_id and status <> 'erased' group by status
  ) as by_status;
$$;

-- The list, with the number of subscribers in each status.
create function public.get_email_list(p_list_id uuid, p_owner text)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  perform private.require_email_list(p_list_id, p_owner);
  return (
    select jsonb_build_object('id', id, 'name', name, 'createdAt', created_at,
      'subscribers', private.count_email_subscribers(id))
    from public.email_lists where id = p_list_id
  );
end
$$;

-- subscribers is null unless p_counts is true: counting reads every subscriber of the lists.
create function public.list_email_lists(
  p_owner text, p_before_at timestamptz, p_before_id uuid, p_limit integer, p_counts boolean
)
returns table (id uuid, name text, created_at timestamptz, subscribers jsonb)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select page.id, page.name, page.created_at,
    case when p_counts then private.count_email_subscribers(page.id) end
  from (
    select * from public.email_lists as list
    where (p_owner is null or list.owner = p_owner)
      and (p_before_at is null or (list.created_at, list.id) < (p_before_at, p_before_id))
    order by list.created_at desc, list.id desc limit p_limit
  ) as page
  order by page.created_at desc, page.id desc;
end
$$;

-- p_search: a part of the address. No index serves the search, so the list is read from p_after on.
create function public.list_email_subscribers(
  p_list_id uuid, p_owner text, p_status text, p_search text, p_after bigint, p_limit integer
)
returns setof public.email_subscribers
language plpgsql stable
set search_path = ''
as $$
begin
  perform private.require_email_list(p_list_id, p_owner);
  return query
    select * from public.email_subscribers
    where list_id = p_list_id and id > p_after and status <> 'erased' and (p_status is null or status = p_status)
      and (p_search is null or strpos(lower(email), lower(p_search)) > 0)
    order by id limit p_limit;
end
$$;

-- Adds subscribers or updates their fields. When an address occurs twice, its last row counts. A field that is left out
-- keeps its value, unless p_replace is true. A subscriber who unsubscribed, bounced or complained keeps that status,
-- however often the address is uploaded. p_rows: [{"email": "a@example.com", "fields": {"name": "Ada"}}, …], up to a
-- thousand.
create function public.upsert_email_subscribers(
  p_list_id uuid, p_owner text, p_rows jsonb, p_replace boolean, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_created bigint;
  v_updated bigint;
begin
  perform private.lock_upload(p_list_id::text, array(select item ->> 'email' from jsonb_array_elements(p_rows) as item));
  perform private.require_email_list(p_list_id, p_owner);
  -- The subscribers that exist are locked before others are added, as an import does: so both cannot deadlock.
  perform from public.email_subscribers where list_id = p_list_id
    and lower(email) in (select lower(item ->> 'email') from jsonb_array_elements(p_rows) as item)
  order by lower(email) for no key update;
  with uploaded as (
    select distinct on (lower(item ->> 'email'))
      item ->> 'email' as email, coalesce(item -> 'fields', '{}') as fields
    from jsonb_array_elements(p_rows) with ordinality as list(item, position)
    order by lower(item ->> 'email'), position desc
  ), stored as (
    -- The rows are locked in the order of the unique key, so that two uploads of the same addresses cannot deadlock.
    insert into public.email_subscribers as s (list_id, email, fields, created_at, updated_at)
    select p_list_id, email, fields, p_now, p_now from uploaded order by lower(email)
    on conflict (list_id, lower(email)) do update
      set email = excluded.email,
        fields = case when p_replace then excluded.fields else s.fields || excluded.fields end,
        updated_at = excluded.updated_at
    returning s.xmax = 0 as is_new
  )
  select count(*) filter (where is_new), count(*) filter (where not is_new)
  into v_created, v_updated from stored;
  return jsonb_build_object('created', v_created, 'updated', v_updated);
end
$$;

-- A person leaves a list or subscribes again: a suppression for this list is written or taken back, and the
-- subscriber's status is set accordingly. p_by is the id of the requester. An address that is suppressed for all mail
-- stays suppressed.
create function public.set_email_subscriber_status(
  p_list_id uuid, p_owner text, p_subscriber_id bigint, p_status text, p_by text, p_now timestamptz
)
returns public.email_subscribers
language plpgsql
set search_path = ''
as $$
declare
  v_subscriber public.email_subscribers := private.require_email_subscriber(p_list_id, p_owner, p_subscriber_id);
begin
  if p_status = 'active' then
    perform private.lift_suppressions(array(select id from public.suppressions
        where address_hash = private.hash_of_address(v_subscriber.email) and list_id = p_list_id),
      v_subscriber.email, p_by, 'made active again', p_now);
  else
    perform private.suppress(jsonb_build_array(jsonb_build_object('address', v_subscriber.email, 'scope', 'list',
      'listId', p_list_id, 'source', p_by,
      'reason', case p_status when 'suppressed' then 'by_hand' else p_status end)), p_now);
  end if;
  select * into v_subscriber from public.email_subscribers where id = p_subscriber_id;
  if p_status = 'active' and v_subscriber.status <> 'active' then
    perform private.refuse(409, 'conflict', format(
      'The address is %s for more than this list: an administrator must take its suppression back', v_subscriber.status));
  end if;
  return v_subscriber;
end
$$;

-- Locks addresses until the transaction ends. There are 256 locks for all addresses, because a lock for each address of
-- an upload would fill Postgres's table of locks. Uploads share the locks (p_is_upload). A change of suppressions waits
-- for the uploads of its addresses, and they wait for it, so that the later of both sees what the other has written.
create function private.lock_addresses(p_emails text[], p_is_upload boolean)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_lock bigint;
begin
  for v_lock in
    select hashtextextended('subscribers ' || no, 0)
    from (select distinct hashtextextended(lower(email), 0) & 255 as no from unnest(p_emails) as given (email)) as numbers
    order by no
  loop
    if p_is_upload then
      perform pg_advisory_xact_lock_shared(v_lock);
    else
      perform pg_advisory_xact_lock(v_lock);
    end if;
  end loop;
end
$$;

-- Locks the lists that have these addresses, until the transaction ends. The lock is needed because a deletion locks the
-- list before its subscribers, and a new suppression refers to its list.
create function private.lock_lists_with(p_emails text[])
returns void
language sql
set search_path = ''
as $$
  select from public.email_lists where id in (
    select s.list_id from unnest(p_emails) as given (email) cross join public.email_lists as list
    join public.email_subscribers as s on s.list_id = list.id and lower(s.email) = lower(given.email))
  order by id for key share;
$$;

-- Locks the lists that have the addresses, the addresses, and their subscribers, until the transaction ends. Every
-- function that writes suppressions, or the status of an existing subscriber, calls this one first. An upload, an import
-- and its undo call private.lock_upload instead. Both functions lock in one order, so their callers cannot deadlock:
-- 1. the lists, 2. the addresses, 3. the subscribers; the caller then locks 4. the suppressions.
-- The lists come first, because all lists share the 256 locks of addresses: a transaction that held one of these locks
-- while it waited for the deletion of its list would make other lists wait. An upload may add a subscriber between the
-- first two steps, so the lists are locked again after the addresses. Only then can a transaction that holds a lock of an
-- address wait for a deletion. It cannot deadlock, because the deletion of a list locks no addresses.
create function private.lock_subscribers(p_emails text[])
returns void
language sql
set search_path = ''
as $$
  select private.lock_lists_with(p_emails);
  select private.lock_addresses(p_emails, false);
  select private.lock_lists_with(p_emails);
  select from unnest(p_emails) as given (email) cross join public.email_lists as list
  join public.email_subscribers as s on s.list_id = list.id and lower(s.email) = lower(given.email)
  where s.status <> 'erased'
  order by lower(s.email), s.id for no key update of s;
$$;

-- Locks the list of an upload and then the addresses, in the order of private.lock_subscribers; uploads share the locks
-- of addresses. An upload, an import and its undo call this function first, and then lock the subscribers in the order
-- of lower(email). Only addresses that may be added are given, so an undo gives none.
create function private.lock_upload(p_list_id text, p_emails text[])
returns void
language sql
set search_path = ''
as $$
  select from public.email_lists where id = p_list_id::uuid for key share;
  select private.lock_addresses(p_emails, true);
$$;

create function private.require_email_subscriber(p_list_id uuid, p_owner text, p_subscriber_id bigint)
returns public.email_subscribers
language plpgsql
set search_path = ''
as $$
declare
  v_subscriber public.email_subscribers;
begin
  perform private.require_email_list(p_list_id, p_owner);
  perform private.lock_subscribers(array(
    select email from public.email_subscribers where id = p_subscriber_id and list_id = p_list_id));
  select * into v_subscriber from public.email_subscribers
  where id = p_subscriber_id and list_id = p_list_id and status <> 'erased' for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'Subscriber not found');
  end if;
  return v_subscriber;
end
$$;

-- Deletes the person from the list. If the person was suppressed, the suppression stays without the address, so that a
-- later upload does not subscribe them again.
create function public.erase_email_subscriber(
  p_list_id uuid, p_owner text, p_subscriber_id bigint, p_by text, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_subscriber public.email_subscribers := private.require_email_subscriber(p_list_id, p_owner, p_subscriber_id);
begin
  update public.email_subscribers set email = 'erased-' || id, fields = '{}', status = 'erased', updated_at = p_now
  where id = p_subscriber_id;
  perform private.suppress(jsonb_build_array(jsonb_build_object('address', v_subscriber.email, 'scope', 'list',
    'listId', p_list_id, 'reason', 'deleted', 'source', p_by)), p_now);
end
$$;

-- Erases the person from every list. The search reads one list after the other, because the unique index begins with
-- the list, and there are few lists.
create function private.erase_from_lists(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  perform private.lock_subscribers(array[p_email]);
  update public.email_subscribers as subscriber
  set email = 'erased-' || subscriber.id, fields = '{}', status = 'erased', updated_at = p_now
  from public.email_lists as list
  where subscriber.list_id = list.id and lower(subscriber.email) = lower(p_email);
  get diagnostics v_count = row_count;
  return jsonb_build_object('cursor', null,
    'counts', case when v_count > 0 then jsonb_build_object('email_subscribers', v_count) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_lists(text, text, timestamptz)');
select private.register_erasable('public.email_subscribers', 'id', '{fields}');
select private.register_erasable('public.email_lists', 'id', '{name}');

-- Deletes the list with its subscribers; refused while a campaign refers to it.
create function public.delete_email_list(p_list_id uuid, p_owner text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_email_list(p_list_id, p_owner);
  delete from public.email_lists where id = p_list_id;
exception when foreign_key_violation then
  perform private.refuse(409, 'conflict', 'The list cannot be deleted, because campaigns refer to it');
end
$$;

revoke execute on function private.lock_addresses, private.lock_lists_with, private.lock_subscribers, private.lock_upload,
  private.require_email_subscriber, public.erase_email_subscriber, private.erase_from_lists, public.delete_email_list from public, anon, authenticated;
grant execute on function private.lock_addresses, private.lock_lists_with, private.lock_subscribers, private.lock_upload,
  private.require_email_subscriber, public.erase_email_subscriber, private.erase_from_lists, public.delete_email_list to service_role;
revoke execute on function
  private.require_email_list, private.owner_of_list, private.count_email_subscribers, public.create_email_list,
  public.get_email_list, public.list_email_lists,
  public.list_email_subscribers, public.upsert_email_subscribers, public.set_email_subscriber_status from public, anon, authenticated;
grant execute on function
  private.require_email_list, private.owner_of_list, private.count_email_subscribers, public.create_email_list,
  public.get_email_list, public.list_email_lists,
  public.list_email_subscribers, public.upsert_email_subscribers, public.set_email_subscriber_status to service_role;
