-- The list of subscribers for exports and reports. Erased subscribers are left out, as in the API.

create function private.figures_of_users(p_owner text, p_from timestamptz, p_to timestamptz)
returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('lists', count(distinct subscriber.list_id))
  from public.email_subscribers as subscriber join public.email_lists as list on list.id = subscriber.list_id
  where subscriber.status <> 'erased' and (p_owner is null or list.owner = p_owner)
    and subscriber.created_at >= p_from and subscriber.created_at < p_to;
$$;
select private.register_export('{"name": "users",
  "from_sql": "public.email_subscribers as t join public.email_lists as list on list.id = t.list_id and t.status <> ''erased''",
  "owner_sql": "list.owner", "status_sql": "t.status", "order_sql": "t.id",
  "figures_function": "private.figures_of_users", "columns": [["Name", "coalesce(t.fields ->> ''name'', '''')"],
  ["E-mail", "t.email"], ["List", "list.name"], ["Status", "t.status"], ["Since", "t.created_at"]]}');

revoke execute on function private.figures_of_users from public, anon, authenticated;
grant execute on function private.figures_of_users to service_role;
