-- The mails of Supabase Auth: a password reset, a confirmation. A person waits for each of them, so they are critical
-- work. A mail whose link has expired is not sent.

-- p_mails: [{"key", "template", "to", "fields", "expires"}]. A call that is repeated changes nothing.
create function public.send_auth_mails(p_mails jsonb, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  select private.send_mail(mail || jsonb_build_object('priority', 1,
    'deadlineAt', case when (mail ->> 'expires')::boolean then p_now + interval '1 hour' end), p_now)
  from jsonb_array_elements(p_mails) as mail;
$$;

revoke execute on function public.send_auth_mails from public, anon, authenticated;
grant execute on function public.send_auth_mails to service_role;
