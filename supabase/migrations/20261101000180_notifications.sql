-- A notification is a message to one person: "your picture is ready". A notification is unread until the person has
-- read it.

create table public.notifications (
  id uuid primary key default gen_random_uuid(),
  owner text not null,
  -- The type, which programs compare: NEW_MESSAGE, report_ready.
  type text not null,
  data jsonb not null default '{}',
  -- A second notification with the same key is ignored.
  key text,
  created_at timestamptz not null,
  read_at timestamptz,
  -- The transaction that wrote the row last, by which public.read_changes finds changed rows.
  xid xid8 not null default pg_current_xact_id(),
  constraint notifications_type_is_a_name check (type ~ '^[A-Za-z][A-Za-z0-9_]{0,62}$'),
  constraint notifications_data_is_small check (pg_column_size(data) <= 8192),
  constraint notifications_are_told_once unique (owner, key)
);
create index notifications_newest_first on public.notifications (owner, created_at desc, id desc);
create index notifications_by_transaction on public.notifications (xid);

alter table public.notifications enable row level security;
revoke all on public.notifications from anon, authenticated;
grant select on public.notifications to authenticated;
grant select, insert, update, delete on public.notifications to service_role;
create policy notifications_are_read_by_their_owner on public.notifications for select to authenticated
  using (owner = (select auth.jwt()) ->> 'sub');

-- The notification as its reader sees it: the source documents' message {type, userId}, with its data.
create function private.notification_view(p_row public.notifications)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('id', p_row.id, 'type', p_row.type, 'userId', p_row.owner, 'data', p_row.data,
    'createdAt', p_row.created_at, 'readAt', p_row.read_at);
$$;

-- Notifies one person, once per key. Only the newest 200 notifications of each person are kept; this function deletes
-- the older ones.
create function public.notify(p_owner text, p_type text, p_data jsonb, p_key text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.notifications (owner, type, data, key, created_at)
  values (p_owner, p_type, coalesce(p_data, '{}'), p_key, p_now)
  on conflict (owner, key) do nothing;
  delete from public.notifications where id in (
    select id from public.notifications where owner = p_owner
    order by created_at desc, id desc offset 200);
end
$$;

create function public.list_notifications(p_owner text, p_unread boolean, p_limit integer)
returns setof jsonb
language sql stable
set search_path = ''
as $$
  select private.notification_view(notifications) from public.notifications
  where owner = p_owner and (not p_unread or read_at is null)
  order by created_at desc, id desc limit p_limit;
$$;

-- Returns null when this owner has no such notification. A notification that was read stays read.
create function public.read_notification(p_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language sql
set search_path = ''
as $$
  update public.notifications set
    read_at = coalesce(read_at, p_now),
    xid = case when read_at is null then pg_current_xact_id() else xid end
  where id = p_id and owner = p_owner
  returning private.notification_view(notifications);
$$;

-- Returns how many were unread.
create function public.read_all_notifications(p_owner text, p_now timestamptz)
returns integer
language sql
set search_path = ''
as $$
  with read as (
    update public.notifications set read_at = p_now, xid = pg_current_xact_id()
    where owner = p_owner and read_at is null returning 1
  )
  select count(*)::integer from read;
$$;

revoke execute on function private.notification_view from public, anon, authenticated;
revoke execute on function public.notify, public.list_notifications, public.read_notification,
  public.read_all_notifications from public, anon, authenticated;
grant execute on function private.notification_view to service_role;
grant execute on function public.notify, public.list_notifications, public.read_notification,
  public.read_all_notifications to service_role;

select private.register_erasable('public.notifications', 'id', '{data}');
