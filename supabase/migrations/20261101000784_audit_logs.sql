-- A row of audit_logs is one action of an administrator: the actor, the action, its target, and the time. The row is
-- written before the action, so that no action lacks its row. No role may change a row; only rows older than 90 days
-- are deleted.

create table public.audit_logs (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  -- The API key or the user: key:…, user:….
  actor text not null,
  -- The route, such as POST /api/schedules/:name/pause.
  action text not null,
  -- The parameters of the path: {"name": "send-daily-report"}.
  target jsonb not null,
  constraint audit_logs_rows_are_small check (
    length(actor) <= 500 and length(action) <= 500 and pg_column_size(target) <= 4096)
);
create index audit_logs_by_time on public.audit_logs (at);
alter table public.audit_logs enable row level security;
revoke all on public.audit_logs from anon, authenticated, service_role;
grant select, insert on public.audit_logs to service_role;
grant select on public.audit_logs to authenticated;
create policy audit_logs_are_read_by_administrators on public.audit_logs for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'admin');

create function private.keep_audit_logs()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' and coalesce(current_setting('nightshift.cleans_audit_logs', true), '') = 'yes' then
    return old;
  end if;
  raise exception 'audit_logs is append-only';
end
$$;
create trigger audit_logs_are_append_only before update or delete on public.audit_logs
  for each row execute function private.keep_audit_logs();
create trigger audit_logs_are_not_truncated before truncate on public.audit_logs
  for each statement execute function private.keep_audit_logs();

create function public.record_admin_action(p_actor text, p_action text, p_target jsonb, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  insert into public.audit_logs (at, actor, action, target) values (p_now, p_actor, p_action, p_target);
$$;

-- Newest first.
create function public.list_audit_logs(p_before_id bigint, p_limit integer)
returns setof public.audit_logs
language sql stable
set search_path = ''
as $$
  select * from public.audit_logs where p_before_id is null or id < p_before_id order by id desc limit p_limit;
$$;

-- Runs with the rights of its owner, because no other role may delete. The age is not a parameter, so that no caller
-- can shorten it.
create function private.clean_audit_logs(p_limit integer, p_now timestamptz)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  v_count integer;
begin
  perform set_config('nightshift.cleans_audit_logs', 'yes', true);
  delete from public.audit_logs where id in (
    select id from public.audit_logs where at < p_now - interval '90 days' order by at limit p_limit);
  get diagnostics v_count = row_count;
  perform set_config('nightshift.cleans_audit_logs', '', true);
  return jsonb_build_object('deletedAuditLogs', v_count);
end
$$;

revoke execute on function private.keep_audit_logs, private.clean_audit_logs, public.record_admin_action,
  public.list_audit_logs from public, anon, authenticated;
grant execute on function private.clean_audit_logs, public.record_admin_action, public.list_audit_logs
  to service_role;
