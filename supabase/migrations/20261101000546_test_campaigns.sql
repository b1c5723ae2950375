-- A test of a campaign: a single mail to one address, which is no recipient of the campaign.

-- p_mail: see private.send_mail. Returns the job that sends it; a second call with the same key returns the same job.
create function public.send_campaign_test(p_mail jsonb, p_now timestamptz)
returns uuid
language sql
set search_path = ''
as $$
  select private.send_mail(p_mail || '{"template": "campaign-test"}', p_now);
  select job_id from public.mails where key = p_mail ->> 'key';
$$;

revoke execute on function public.send_campaign_test from public, anon, authenticated;
grant execute on function public.send_campaign_test to service_role;
