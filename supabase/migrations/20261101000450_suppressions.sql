-- A suppression says that an address gets no mail at all, no mail of one list, or no mail of one stream. Sending checks
-- the suppressions for each batch. The status of a subscriber is derived from the suppressions, so that lists and
-- imports show it.

create table public.suppressions (
  id bigint generated always as identity primary key,
  -- The hash of the address in lower case. Of an erased person, only this hash is kept.
  address_hash bytea not null,
  address text,
  scope text not null,
  list_id uuid references public.email_lists (id) on delete cascade,
  stream text,
  reason text not null,
  -- The source of the suppression: "link", "resend", or the id of a requester.
  source text not null,
  note text,
  -- When the address was last suppressed, and when the suppression was last taken back. The later time decides, because
  -- a provider's reports come in any order. suppressed_at is null when only the second time is known.
  suppressed_at timestamptz,
  lifted_at timestamptz,
  lifted_by text,
  lifted_because text,
  is_active boolean not null generated always as
    (suppressed_at is not null and (lifted_at is null or suppressed_at >= lifted_at)) stored,
  created_at timestamptz not null,
  constraint suppressions_are_once_per_reason
    unique nulls not distinct (address_hash, scope, reason, list_id, stream),
  constraint suppressions_scope_is_valid check (scope in ('all', 'list', 'stream')),
  constraint suppressions_name_their_list check ((scope = 'list') = (list_id is not null)),
  constraint suppressions_name_their_stream check ((scope = 'stream') = (stream is not null)),
  constraint suppressions_stream_is_valid check (stream in ('broadcast', 'transactional')),
  constraint suppressions_reason_is_valid
    check (reason in ('unsubscribed', 'bounced', 'complained', 'by_hand', 'by_provider', 'deleted')),
  constraint suppressions_happened check (suppressed_at is not null or lifted_at is not null),
  constraint suppressions_texts_are_short
    check (length(address) <= 320 and length(source) <= 200 and length(note) <= 1000 and length(lifted_because) <= 1000)
);
create index suppressions_by_list on public.suppressions (list_id) where list_id is not null;

alter table public.suppressions enable row level security;
revoke all on public.suppressions from anon, authenticated;
grant select, insert, update, delete on public.suppressions to service_role;

create function private.hash_of_address(p_email text)
returns bytea
language sql immutable
set search_path = ''
as $$
  select sha256(convert_to(lower(p_email), 'UTF8'));
$$;

-- Which of these addresses get no mail of this stream, and of the list at the same position (null: the mail belongs to
-- no list), with the reason. Transactional mail (a receipt) answers something that the person did. It is withheld only
-- from an address that bounced, complained, or was suppressed for all mail by hand or by the provider.
create function private.suppressed_among(p_emails text[], p_list_ids uuid[], p_stream text)
returns table (email_no bigint, reason text)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
  select distinct on (mail.no) mail.no, s.reason
  from unnest(p_emails, p_list_ids) with ordinality as mail (email, list_id, no)
  -- The expression of hash_of_address is written out here, because a call for each address would take most of the time.
  join public.suppressions as s on s.address_hash = sha256(convert_to(lower(mail.email), 'UTF8'))
  where s.is_active
    and case s.scope when 'list' then s.list_id = mail.list_id when 'stream' then s.stream = p_stream
      else p_stream <> 'transactional' or s.reason in ('bounced', 'complained', 'by_hand', 'by_provider') end
  order by mail.no, array_position(array['complained', 'bounced', 'unsubscribed', 'by_hand', 'by_provider'], s.reason);
end
$$;

-- The reason why a single mail must not be sent; null: it may be sent.
create function private.suppression_of(p_email text, p_stream text)
returns text
language sql stable
set search_path = ''
as $$
  select reason from private.suppressed_among(array[p_email], array[null]::uuid[], p_stream);
$$;

create function private.status_of_suppressed(p_reason text)
returns text
language sql immutable
set search_path = ''
as $$
  select case when p_reason in ('by_hand', 'by_provider', 'deleted') then 'suppressed' else p_reason end;
$$;

-- Sets the status of the subscribers with these addresses according to their suppressions. The caller has called
-- private.lock_subscribers. So suppressions and uploads that were committed before the lock are seen, and a
-- subscriber who was erased meanwhile stays erased.
create function private.reflect_suppressions(p_emails text[], p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids bigint[];
  v_emails text[];
  v_list_ids uuid[];
begin
  select array_agg(s.id order by s.id), array_agg(s.email order by s.id), array_agg(s.list_id order by s.id)
  into v_ids, v_emails, v_list_ids
  from unnest(p_emails) as given (email) cross join public.email_lists as list
  join public.email_subscribers as s on s.list_id = list.id and lower(s.email) = lower(given.email)
  where s.status <> 'erased';
  update public.email_subscribers as s set status = wanted.status, updated_at = p_now
  from (
    select one.id, coalesce(private.status_of_suppressed(found.reason), 'active') as status
    from unnest(v_ids) with ordinality as one (id, no)
    left join private.suppressed_among(v_emails, v_list_ids, 'broadcast') as found on found.email_no = one.no
  ) as wanted
  where s.id = wanted.id and s.status <> wanted.status;
end
$$;

-- Suppresses addresses. A repeated call changes nothing. p_rows: [{"address", "scope", "listId"?, "stream"?, "reason",
-- "source", "note"?, "at"?: when it happened, by default now}]. A row without "at" counts as later than everything that
-- is stored about the address. The address of an erased person is not stored again.
create function private.suppress(p_rows jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_emails text[] := array(select distinct lower(one ->> 'address') from jsonb_array_elements(p_rows) as one);
begin
  perform private.lock_subscribers(v_emails);
  with given as (
    select distinct on (hash, scope, reason, "listId", stream) *
    from (
      select row.*, private.hash_of_address(row.address) as hash
      from jsonb_to_recordset(p_rows) as row (address text, scope text, "listId" uuid, stream text, reason text,
        source text, note text, at timestamptz)
    ) as hashed
    order by hash, scope, reason, "listId", stream, coalesce(at, p_now) desc
  )
  insert into public.suppressions as s
    (address_hash, address, scope, list_id, stream, reason, source, note, suppressed_at, created_at)
  select hash, case when reason <> 'deleted' and not exists (select from public.suppressions as erased
      where erased.address_hash = hash and erased.scope = 'all' and erased.reason = 'deleted') then lower(address) end,
    scope, "listId", stream, reason, source, note, coalesce(at, p_now), p_now
  from given
  on conflict on constraint suppressions_are_once_per_reason do update set
    suppressed_at = case when excluded.suppressed_at = p_now then greatest(p_now, s.lifted_at) else excluded.suppressed_at end,
    address = coalesce(s.address, excluded.address), source = excluded.source, note = excluded.note
  where s.suppressed_at is null or excluded.suppressed_at > s.suppressed_at
    or (excluded.suppressed_at = p_now and not s.is_active);
  perform private.reflect_suppressions(v_emails, p_now);
end
$$;

-- Takes suppressions of the address p_email back. The rows stay, and record the requester and the reason.
create function private.lift_suppressions(p_ids bigint[], p_email text, p_by text, p_because text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_subscribers(array[p_email]);
  update public.suppressions set lifted_at = greatest(p_now, suppressed_at + interval '1 microsecond'), lifted_by = p_by,
    lifted_because = p_because
  where id = any (p_ids) and is_active;
  perform private.reflect_suppressions(array[p_email], p_now);
end
$$;

-- New subscribers whose address is suppressed get the status of the suppression at once, also when a file is imported.
create function private.reflect_suppressions_in_new_subscribers()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_ids bigint[];
  v_emails text[];
  v_list_ids uuid[];
  v_reasons text[];
begin
  select array_agg(id order by id), array_agg(email order by id), array_agg(list_id order by id)
  into v_ids, v_emails, v_list_ids from added;
  select array_agg(v_ids[email_no]), array_agg(reason) into v_ids, v_reasons
  from private.suppressed_among(v_emails, v_list_ids, 'broadcast');
  if v_ids is not null then
    update public.email_subscribers as s set status = private.status_of_suppressed(one.reason)
    from unnest(v_ids, v_reasons) as one (id, reason) where s.id = one.id;
  end if;
  return null;
end
$$;
create trigger new_subscribers_reflect_their_suppressions after insert on public.email_subscribers
  referencing new table as added for each statement
  execute function private.reflect_suppressions_in_new_subscribers();

-- The newest suppressions first, including those that were taken back. p_email null: those of all addresses.
create function public.list_suppressions(p_email text, p_before_id bigint, p_limit integer)
returns setof public.suppressions
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select * from public.suppressions
  where (p_email is null or address_hash = private.hash_of_address(p_email)) and (p_before_id is null or id < p_before_id)
  order by id desc limit p_limit;
end
$$;

-- p_row: as in private.suppress. Returns the suppression.
create function public.add_suppression(p_row jsonb, p_now timestamptz)
returns setof public.suppressions
language plpgsql
set search_path = ''
as $$
begin
  if p_row ->> 'listId' is not null then
    perform private.require_email_list((p_row ->> 'listId')::uuid, null);
  end if;
  perform private.suppress(jsonb_build_array(p_row), p_now);
  return query
  select * from public.suppressions
  where address_hash = private.hash_of_address(p_row ->> 'address') and scope = p_row ->> 'scope'
    and reason = p_row ->> 'reason' and list_id is not distinct from (p_row ->> 'listId')::uuid
    and stream is not distinct from p_row ->> 'stream';
end
$$;

-- p_email: the address that the suppression is about. It is needed when the row has no address, because the status of the
-- subscribers with this address changes too.
create function public.lift_suppression(p_id bigint, p_email text, p_by text, p_because text, p_now timestamptz)
returns setof public.suppressions
language plpgsql
set search_path = ''
as $$
declare
  v_row public.suppressions;
begin
  select * into v_row from public.suppressions where id = p_id and is_active;
  if v_row.id is null then
    perform private.refuse(404, 'not_found', 'There is no such suppression, or it was taken back before');
  end if;
  if v_row.address is null and v_row.address_hash is distinct from private.hash_of_address(p_email) then
    perform private.refuse(400, 'invalid_request',
      'The suppression has no address any more: give the address that it is about in the field "address"');
  end if;
  perform private.lift_suppressions(array[p_id], coalesce(v_row.address, p_email), p_by, p_because, p_now);
  return query select * from public.suppressions where id = p_id;
end
$$;

-- The suppression of an erased person stays without the address, so that a later import does not subscribe them again.
create function private.erase_from_suppressions(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  perform private.suppress(jsonb_build_array(jsonb_build_object(
    'address', p_email, 'scope', 'all', 'reason', 'deleted', 'source', 'erasure')), p_now);
  update public.suppressions set address = null, note = null, lifted_because = null
  where address_hash = private.hash_of_address(p_email) and address is not null;
  get diagnostics v_count = row_count;
  return jsonb_build_object('cursor', null,
    'counts', case when v_count > 0 then jsonb_build_object('suppressions', v_count) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_suppressions(text, text, timestamptz)');
select private.register_erasable('public.suppressions', 'id', '{note,lifted_because}');

revoke execute on function private.hash_of_address, private.suppressed_among, private.suppression_of,
  private.status_of_suppressed, private.reflect_suppressions, private.suppress, private.lift_suppressions,
  private.reflect_suppressions_in_new_subscribers, public.list_suppressions, public.add_suppression,
  public.lift_suppression, private.erase_from_suppressions from public, anon, authenticated;
grant execute on function private.hash_of_address, private.suppressed_among, private.suppression_of,
  private.status_of_suppressed, private.reflect_suppressions, private.suppress, private.lift_suppressions,
  private.reflect_suppressions_in_new_subscribers, public.list_suppressions, public.add_suppression,
  public.lift_suppression, private.erase_from_suppressions to service_role;
