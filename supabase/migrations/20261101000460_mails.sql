-- Mails that the product itself writes to one person: a receipt, a welcome, a finished report. Campaigns have rows of
-- their own. A room makes such a mail with private.send_mail, in the transaction that causes it.

create table public.mails (
  id uuid primary key,
  -- What the mail is about, such as receipt:<order>. There is one mail for each key.
  key text not null unique,
  -- A file of src/mail/templates.
  template text not null,
  recipient text not null,
  -- The values of the template. The values are deleted once the mail is sent, because they may be secret, such as a
  -- link that signs in.
  fields jsonb not null,
  job_id uuid not null,
  -- The provider that was asked to send the mail, and when it was first asked. Both are null again when the provider
  -- certainly did not accept the mail.
  provider text,
  asked_at timestamptz,
  -- The provider's id of the sent mail.
  message_id text,
  -- What the provider has reported about the mail; see record_mail_report.
  reported text,
  created_at timestamptz not null,
  constraint mails_key_is_short check (length(key) between 1 and 400),
  constraint mails_recipient_is_short check (length(recipient) between 3 and 320)
);
create index mails_by_message on public.mails (message_id) where message_id is not null;
create index mails_by_time on public.mails (created_at);

alter table public.mails enable row level security;
revoke all on public.mails from anon, authenticated;
grant select, insert, update, delete on public.mails to service_role;

create function private.mail_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select id, event_data ->> 'template' from unnest(p_jobs);
$$;
revoke execute on function private.mail_subjects from public, anon, authenticated;
grant execute on function private.mail_subjects to service_role;

select private.register_work_kind('{"function_id": "send-mail", "event_name": "mail/send", "kind": "mail",
  "priority": 2, "per_second": null, "waiting": null, "by_promise": false,
  "subjects": "private.mail_subjects",
  "summary": "Sends one mail of the product"}');
-- Mails of which many are sent at once, such as digests. They are sent at the pace of campaigns, so that no single mail
-- waits for them.
select private.register_work_kind('{"function_id": "send-bulk-mail", "event_name": "mail/send-bulk", "kind": "mail",
  "priority": 4, "per_second": null, "waiting": null, "by_promise": false,
  "subjects": "private.mail_subjects",
  "summary": "Sends one of many mails, at the pace of campaigns"}');
select private.register_erasable('public.mails', 'id', '{recipient,fields}');

-- Makes a mail and the job that sends it; a second mail with the same key changes nothing.
-- p_mail: {"key", "template", "to", "fields", "owner", "priority"? (default 2), "isBulk"?, "deadlineAt"?, "attempts"?}.
create function private.send_mail(p_mail jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_id constant uuid := gen_random_uuid();
begin
  insert into public.mails (id, key, template, recipient, fields, job_id, created_at)
  values (v_id, p_mail ->> 'key', p_mail ->> 'template', p_mail ->> 'to', p_mail -> 'fields', v_id, p_now)
  on conflict (key) do nothing;
  if not found then
    return;
  end if;
  perform private.accept_job(jsonb_strip_nulls(jsonb_build_object('id', v_id,
    'event', case when (p_mail ->> 'isBulk')::boolean then 'mail/send-bulk' else 'mail/send' end,
    'data', jsonb_build_object('mailId', v_id, 'template', p_mail -> 'template'), 'requester', 'mail',
    'owner', p_mail -> 'owner', 'priority', p_mail -> 'priority', 'deadlineAt', p_mail -> 'deadlineAt',
    'attempts', p_mail -> 'attempts')), p_now);
  perform private.ask_for_outbox();
end
$$;

-- The mail that this provider is asked to send now. "askedAt" is when the provider was first asked; null: it was not
-- asked yet. While another provider may have sent the mail, "provider" names that provider, and this provider must not
-- be asked. "suppression" is the reason why the address gets no mail, and so the provider is not asked; null: the mail
-- may be sent.
create function public.begin_mail(p_id uuid, p_provider text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_mail public.mails;
  v_suppression text;
begin
  select * into v_mail from public.mails where id = p_id for update;
  if not found then
    return null;
  end if;
  -- An erasure replaces the recipient by the word 'erased'. Such a mail is not sent, for the reason 'deleted'.
  v_suppression := case when v_mail.recipient = 'erased' then 'deleted'
    else private.suppression_of(v_mail.recipient, 'transactional') end;
  if v_suppression is null then
    update public.mails set asked_at = p_now, provider = p_provider where id = p_id and asked_at is null;
  end if;
  return jsonb_build_object('template', v_mail.template, 'to', v_mail.recipient, 'fields', v_mail.fields,
    'askedAt', v_mail.asked_at, 'provider', coalesce(v_mail.provider, p_provider), 'messageId', v_mail.message_id,
    'suppression', v_suppression);
end
$$;

-- p_message_id null: the provider certainly did not accept the mail.
create function public.settle_mail(p_id uuid, p_message_id text)
returns void
language sql
set search_path = ''
as $$
  update public.mails set message_id = p_message_id,
    asked_at = case when p_message_id is not null then asked_at end,
    provider = case when p_message_id is not null then provider end,
    fields = case when p_message_id is not null then '{}' else fields end
  where id = p_id and message_id is null;
$$;

-- Deletes the oldest mails. Returns their number.
create function public.purge_mails(p_before timestamptz, p_limit integer)
returns integer
language sql
set search_path = ''
as $$
  select private.delete_rows_before('public.mails', 'created_at', p_before, p_limit);
$$;

revoke execute on function private.send_mail, public.begin_mail, public.settle_mail, public.purge_mails
  from public, anon, authenticated;
grant execute on function private.send_mail, public.begin_mail, public.settle_mail, public.purge_mails to service_role;
