-- A notification preference is the address to which an owner's notifications are also mailed. Without a row, the
-- owner's notifications are not mailed.

create table public.notification_preferences (
  owner text primary key,
  email text not null,
  updated_at timestamptz not null,
  constraint notification_preferences_email_has_a_sensible_length check (length(email) between 3 and 320)
);
alter table public.notification_preferences enable row level security;
revoke all on public.notification_preferences from anon, authenticated;
grant select, insert, update, delete on public.notification_preferences to service_role;

create function public.get_notification_email(p_owner text)
returns text
language sql stable
set search_path = ''
as $$
  select email from public.notification_preferences where owner = p_owner;
$$;

-- p_email null: the owner gets no mails from now on.
create function public.set_notification_email(p_owner text, p_email text, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  delete from public.notification_preferences where owner = p_owner and p_email is null;
  insert into public.notification_preferences (owner, email, updated_at)
  select p_owner, p_email, p_now where p_email is not null
  on conflict (owner) do update set email = excluded.email, updated_at = excluded.updated_at;
$$;

-- Makes the mail of a notification, with the template that the trigger names, in the transaction that inserts the
-- notification. A notification is inserted once, so its mail is made once.
create function private.mail_notification()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_email text := public.get_notification_email(new.owner);
begin
  if v_email is not null then
    perform private.send_mail(jsonb_build_object('key', 'notification:' || new.id, 'template', tg_argv[0],
      'to', v_email, 'owner', new.owner, 'fields', new.data), new.created_at);
  end if;
  return null;
end
$$;
-- Only a notification with the fields of the template is mailed: an app may use the same type for data of its own.
create trigger reports_are_mailed after insert on public.notifications
  for each row when (new.type = 'report_ready' and jsonb_typeof(new.data -> 'downloadUrl') = 'string')
  execute function private.mail_notification('report-ready');
create trigger disabled_webhooks_are_mailed after insert on public.notifications
  for each row when (new.type = 'WEBHOOK_DISABLED' and jsonb_typeof(new.data -> 'url') = 'string'
    and jsonb_typeof(new.data -> 'reason') = 'string')
  execute function private.mail_notification('webhook-disabled');

create function private.erase_from_preferences(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_count bigint;
begin
  delete from public.notification_preferences where lower(email) = lower(p_email);
  get diagnostics v_count = row_count;
  return jsonb_build_object('cursor', null,
    'counts', case when v_count > 0 then jsonb_build_object('notification_preferences', v_count) else '{}' end);
end
$$;
select private.register_eraser('private.erase_from_preferences(text, text, timestamptz)');

revoke execute on function public.get_notification_email, public.set_notification_email, private.mail_notification,
  private.erase_from_preferences from public, anon, authenticated;
grant execute on function public.get_notification_email, public.set_notification_email, private.mail_notification,
  private.erase_from_preferences to service_role;
