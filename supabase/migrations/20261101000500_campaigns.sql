-- A campaign is one mail to every subscriber of a list. The campaign's job is cut into parts (job_parts). A batch is
-- one request to the provider, with content that is frozen at planning, and belongs to one part. A send is the mail to
-- one recipient.

create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  owner text not null,
  list_id uuid not null references public.email_lists (id),
  name text not null,
  subject text not null,
  html text,
  text text,
  -- The text part of a campaign that has only html. The text is made from the html when the html is stored, so that a
  -- later version of the code sends the same bytes.
  html_as_text text,
  sender text not null,
  reply_to text,
  -- What happens to a recipient without a value for a merge field: the mail fails, or the field is empty.
  missing_field text not null default 'empty',
  -- A hash of the request that made the campaign. Another request with the same idempotency key is refused.
  request_hash text,
  -- The version grows with each change of the draft, so that an author notices the change of another author.
  version integer not null default 1,
  -- The sender's postal address, and how links are signed. Both are set when planning begins, and then frozen like the
  -- content.
  imprint jsonb,
  status text not null default 'draft',
  -- Why the campaign is a draft again, or was stopped, in words for people.
  note text,
  -- When the campaign was stopped, because receiving servers refuse our domain. No part of a stopped campaign sends;
  -- see resume_campaign.
  stopped_at timestamptz,
  -- When an administrator last resumed the stopped campaign.
  resumed_at timestamptz,
  -- The job that sends the campaign. Reprocessing sets a new job.
  job_id uuid references public.jobs (id) on delete set null,
  -- The job whose plan is used for sending: the job of job_id, or the previous job while the new job has not begun.
  plan_job_id uuid,
  -- How many recipients have been planned so far.
  recipient_count bigint not null default 0,
  created_at timestamptz not null,
  queued_at timestamptz,
  ended_at timestamptz,
  constraint campaigns_status_is_valid
    check (status in ('draft', 'queued', 'sending', 'completed', 'canceled', 'failed')),
  constraint campaigns_missing_field_is_valid check (missing_field in ('fail', 'empty')),
  constraint campaigns_have_content check (html is not null or text is not null),
  constraint campaigns_have_a_text_part check (html is null or html_as_text is not null),
  constraint campaigns_headers_are_one_line check (concat(subject, sender, reply_to) !~ '[\r\n]'),
  constraint campaigns_end_when_their_status_says_so
    check ((status in ('completed', 'canceled', 'failed')) = (ended_at is not null))
) with (fillfactor = 70);
create index campaigns_by_owner on public.campaigns (owner, created_at desc, id desc);
create index campaigns_newest_first on public.campaigns (created_at desc, id desc);
create index campaigns_by_job on public.campaigns (job_id) where job_id is not null;
create index campaigns_by_plan on public.campaigns (plan_job_id) where plan_job_id is not null;
create index campaigns_by_list on public.campaigns (list_id);

create table public.campaign_batches (
  campaign_id uuid not null references public.campaigns (id) on delete cascade,
  batch_no integer not null,
  part_no integer not null,
  first_subscriber_id bigint not null,
  last_subscriber_id bigint not null,
  recipient_count integer not null,
  -- [[subscriber id, email, fields]] at the time of planning, because a retry must render the same bytes.
  recipients json not null,
  status text not null default 'pending',
  -- The token of the claim that last took the batch. Each claim takes a batch only once.
  lease_token uuid,
  -- The provider that was last asked to send the batch. If this provider may have accepted a mail of the batch, the
  -- batch must not be sent by another provider.
  provider text,
  -- When the batch was first sent in a request that the provider may have accepted; null: never. From this time on the
  -- content is frozen, and the provider remembers the batch's idempotency key for a limited time.
  first_sending_at timestamptz,
  attempts integer not null default 0,
  sent_count integer not null default 0,
  failed_count integer not null default 0,
  skipped_count integer not null default 0,
  unknown_count integer not null default 0,
  constraint campaign_batches_are_numbered primary key (campaign_id, batch_no),
  constraint campaign_batches_status_is_valid check (status in ('pending', 'sending', 'done', 'unknown')),
  constraint campaign_batches_say_since_when_they_are_in_doubt
    check (status <> 'sending' or first_sending_at is not null),
  constraint campaign_batches_name_each_recipient_at_the_end
    check (status in ('pending', 'sending')
      or sent_count + failed_count + skipped_count + unknown_count = recipient_count)
) with (fillfactor = 40);
-- The recipients are stored outside the row, uncompressed, because the row is updated but its recipients never change.
alter table public.campaign_batches alter column recipients set storage external;

-- One row per recipient. While a send has no outcome, its state (claimed, sending) is derived from its batch and part.
-- The row of a send is updated once, in the space that each page keeps free. The table has only the index of its key.
-- The table has no foreign key to campaigns, because a check per row would cost more than the rest of the statement
-- that plans the campaign. Only this statement inserts rows.
create table public.campaign_sends (
  campaign_id uuid not null,
  subscriber_id bigint not null,
  batch_no integer not null,
  email text not null,
  status text not null default 'pending',
  provider_message_id text,
  error_code text,
  -- The provider's message about a failure, or the reason of the person that resolved an unknown send.
  note text,
  -- What the provider has reported about the mail. Of several reports, the most serious one is kept; see
  -- private.says_more.
  reported text,
  constraint campaign_sends_reported_is_valid check (reported in
    ('delivered', 'soft_bounced', 'refused', 'suppressed', 'bounced', 'complained')),
  constraint campaign_sends_are_once_per_recipient primary key (campaign_id, subscriber_id),
  constraint campaign_sends_status_is_valid check (status in ('pending', 'sent', 'failed', 'skipped', 'unknown')),
  -- A send without the provider's id is "sent" only when a person has resolved it as "sent".
  constraint campaign_sends_are_sent_under_an_id
    check (status <> 'sent' or provider_message_id is not null or error_code is not null)
) with (fillfactor = 38);

alter table public.campaigns enable row level security;
alter table public.campaign_batches enable row level security;
alter table public.campaign_sends enable row level security;
revoke all on public.campaigns, public.campaign_batches, public.campaign_sends from anon, authenticated;
grant select, insert, update, delete on public.campaigns, public.campaign_batches, public.campaign_sends to service_role;

-- The content is frozen once the campaign is queued: a batch that is repeated with its idempotency key must have the
-- same bytes.
create function private.keep_campaign_content()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(409, 'conflict', 'The campaign is not a draft any more, so its content cannot change');
  return null;
end
$$;

create trigger campaigns_keep_their_content_once_queued
  before update of list_id, subject, html, text, html_as_text, sender, reply_to, missing_field on public.campaigns
  for each row when (old.status <> 'draft' and (
    old.list_id, old.subject, old.html, old.text, old.html_as_text, old.sender, old.reply_to, old.missing_field
  ) is distinct from (
    new.list_id, new.subject, new.html, new.text, new.html_as_text, new.sender, new.reply_to, new.missing_field
  ))
  execute function private.keep_campaign_content();

-- The content as it is sent; see src/campaigns/render-mail.ts.
create function private.campaign_content(p_campaign public.campaigns)
returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('subject', p_campaign.subject, 'html', p_campaign.html,
    'text', coalesce(p_campaign.text, p_campaign.html_as_text), 'from', p_campaign.sender,
    'replyTo', p_campaign.reply_to, 'missingField', p_campaign.missing_field, 'listId', p_campaign.list_id,
    'imprint', p_campaign.imprint);
$$;

-- A campaign ends with its job.
create function private.after_campaign_job(p_job public.jobs, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  update public.campaigns set status = p_job.status, ended_at = p_now
  where job_id = p_job.id and p_job.status in ('completed', 'canceled', 'failed')
    and (status in ('queued', 'sending') or (status = 'failed' and p_job.status = 'completed'))
  returning * into v_campaign;
  if v_campaign.status in ('completed', 'failed') then
    perform private.publish_fact('campaign.' || v_campaign.status, v_campaign.owner, p_job.id::text,
      jsonb_build_object('campaignId', v_campaign.id, 'jobId', p_job.id, 'recipients', v_campaign.recipient_count,
        'counts', private.counts_of_parts(p_job.id)), p_now);
  end if;
end
$$;

create function private.campaign_subjects(p_jobs public.jobs[])
returns table (job_id uuid, subject text)
language sql stable
set search_path = ''
as $$
  select jobs.id, campaigns.name
  from unnest(p_jobs) as jobs join public.campaigns on campaigns.id = private.uuid_of(jobs.event_data ->> 'campaignId');
$$;
revoke execute on function private.campaign_subjects from public, anon, authenticated;
grant execute on function private.campaign_subjects to service_role;

select private.register_work_kind('{"function_id": "send-email-campaign", "event_name": "email/send.campaign", "counted_as": "campaigns",
  "after_end": "private.after_campaign_job",
  "subjects": "private.campaign_subjects",
  "summary": "Plans a campaign and sends it to its list, in parts"}');

revoke execute on function private.keep_campaign_content, private.campaign_content, private.after_campaign_job
  from public, anon, authenticated;
grant execute on function private.keep_campaign_content, private.campaign_content, private.after_campaign_job
  to service_role;
