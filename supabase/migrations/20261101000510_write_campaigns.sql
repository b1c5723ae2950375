-- The actions of people: they write a campaign, send it, and resolve its unknown sends.

-- Finds a campaign of this owner. p_owner null is an administrator, who finds every campaign.
create function private.find_campaign(p_campaign_id uuid, p_owner text)
returns public.campaigns
language plpgsql stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns
  where id = p_campaign_id and (p_owner is null or owner = p_owner);
  if not found then
    perform private.refuse(404, 'not_found', 'Campaign not found');
  end if;
  return v_campaign;
end
$$;

-- Like private.find_campaign, and locks the campaign.
create function private.lock_campaign(p_campaign_id uuid, p_owner text)
returns public.campaigns
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns
  where id = p_campaign_id and (p_owner is null or owner = p_owner) for no key update;
  if not found then
    perform private.refuse(404, 'not_found', 'Campaign not found');
  end if;
  return v_campaign;
end
$$;

-- The hash leaves out the text that is made from the html, because a later version of the code may make a different
-- text.
create function private.hash_of_campaign_request(p_content jsonb)
returns text
language sql immutable
set search_path = ''
as $$
  select encode(sha256(convert_to((p_content - 'htmlAsText')::text, 'UTF8')), 'hex');
$$;

-- The campaign belongs to the owner of its list, even when an administrator writes it, because its sends name the list's
-- subscribers. p_list_owner null is an administrator, who may use every list.
-- p_content: {"listId", "name"?, "subject", "html"?, "text"?, "htmlAsText"?, "from", "replyTo"?, "missingField"?}
-- "htmlAsText" is needed with "html"; see src/campaigns/prepare-html.ts.
create function private.insert_campaign(p_id uuid, p_list_owner text, p_content jsonb, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_email_list((p_content ->> 'listId')::uuid, p_list_owner);
  insert into public.campaigns (id, owner, list_id, name, subject, html, text, html_as_text, sender, reply_to,
    missing_field, request_hash, created_at)
  values (p_id, private.owner_of_list((p_content ->> 'listId')::uuid), (p_content ->> 'listId')::uuid,
    coalesce(p_content ->> 'name', p_content ->> 'subject'), p_content ->> 'subject', p_content ->> 'html', p_content ->> 'text', p_content ->> 'htmlAsText',
    p_content ->> 'from', p_content ->> 'replyTo', coalesce(p_content ->> 'missingField', 'empty'),
    private.hash_of_campaign_request(p_content), p_now)
  on conflict (id) do nothing;
  return p_id;
end
$$;

-- Requests with one idempotency key have the same p_id. A repeated request returns the campaign of the first request,
-- even when its author has changed the campaign since then. A different request with the same key is refused.
create function public.create_campaign(p_id uuid, p_list_owner text, p_content jsonb, p_now timestamptz)
returns uuid
language plpgsql
set search_path = ''
as $$
begin
  perform private.insert_campaign(p_id, p_list_owner, p_content, p_now);
  if not exists (
    select from public.campaigns
    where id = p_id and request_hash = private.hash_of_campaign_request(p_content)
  ) then
    perform private.refuse(409, 'idempotency_conflict', 'This idempotency key belongs to another request');
  end if;
  return p_id;
end
$$;

-- Only a draft can be changed; a trigger of the table refuses changes of other campaigns. Absent fields keep their
-- values; null removes html, text or replyTo. A draft that gets another list gets that list's owner. If p_content has a
-- version, the draft changes only if it still has that version.
create function public.update_campaign(p_campaign_id uuid, p_owner text, p_content jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_constraint text;
  v_version integer := (private.lock_campaign(p_campaign_id, p_owner)).version;
begin
  if (p_content ->> 'version')::integer <> v_version then
    perform private.refuse(409, 'conflict', format(
      'The draft was changed elsewhere: it has version %s, not %s', v_version, p_content ->> 'version'));
  end if;
  if p_content ? 'listId' then
    perform private.require_email_list((p_content ->> 'listId')::uuid, p_owner);
  end if;
  update public.campaigns set
    list_id = coalesce((p_content ->> 'listId')::uuid, list_id),
    owner = coalesce(private.owner_of_list((p_content ->> 'listId')::uuid), owner),
    name = coalesce(p_content ->> 'name', name),
    subject = coalesce(p_content ->> 'subject', subject),
    html = case when p_content ? 'html' then p_content ->> 'html' else html end,
    text = case when p_content ? 'text' then p_content ->> 'text' else text end,
    html_as_text = case when p_content ? 'html' then p_content ->> 'htmlAsText' else html_as_text end,
    sender = coalesce(p_content ->> 'from', sender),
    reply_to = case when p_content ? 'replyTo' then p_content ->> 'replyTo' else reply_to end,
    missing_field = coalesce(p_content ->> 'missingField', missing_field),
    version = version + 1
  where id = p_campaign_id;
exception when check_violation then
  get stacked diagnostics v_constraint = constraint_name;
  if v_constraint = 'campaigns_have_content' then
    perform private.refuse(400, 'invalid_request', 'html or text is needed');
  end if;
  raise;
end
$$;

-- Refuses to send a campaign at another time than its job, because the request's time would be ignored in silence.
-- p_send_at: null means now. A request to send now is no conflict once the scheduled time has come.
create function private.refuse_other_time(p_job public.jobs, p_send_at timestamptz, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- A job that is not scheduled is ready when it is created. greatest() ignores null.
  if greatest(p_send_at, p_job.created_at) = p_job.ready_at
    or greatest(p_send_at, p_job.ready_at, p_now) = p_now then
    return;
  end if;
  if p_job.ready_at > greatest(p_job.created_at, p_now) then
    perform private.refuse(409, 'conflict', format(
      'Campaign is scheduled for %s. To change the time, cancel its job (DELETE /api/jobs/%s) and create the campaign again',
      to_char(p_job.ready_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), p_job.id));
  end if;
  perform private.refuse(409, 'conflict', 'Campaign is being sent already, so it cannot be scheduled');
end
$$;

-- Accepts the sending of a campaign: inserts the job and queues the campaign for it, in one transaction (p_request: see
-- private.accept_job). The job belongs to the campaign's owner, even when an administrator sends the campaign. A further call for the same time while the campaign is being sent, or with the same idempotency
-- key, returns the existing job. A new job may begin at most ten minutes before p_now: an earlier time is a mistake, such
-- as a wrong year. When a job ended and left its campaign unfinished (such as half planned in a restored copy), the next
-- job takes the campaign over. p_preview_hash: see require_previewed_campaign.
create function public.accept_campaign_send(
  p_campaign_id uuid, p_owner text, p_request jsonb, p_preview_hash text, p_now timestamptz
)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, p_owner);
  v_send_at timestamptz := (p_request ->> 'startAt')::timestamptz;
  v_request jsonb := p_request || jsonb_build_object('owner', v_campaign.owner);
  v_job public.jobs;
begin
  select * into v_job from public.jobs where id = v_campaign.job_id;
  if v_job.requester = p_request ->> 'requester' and v_job.idempotency_key = p_request ->> 'key' then
    -- Refuses another request with this key.
    return private.accept_job(v_request, p_now);
  elsif v_campaign.status in ('queued', 'sending') and v_job.ended_at is null and v_job.id is not null then
    perform private.refuse_other_time(v_job, v_send_at, p_now);
    return v_job;
  end if;
  if v_campaign.status in ('completed', 'canceled') then
    perform private.refuse(409, 'conflict', format('Campaign already %s', v_campaign.status));
  end if;
  if v_send_at < p_now - interval '10 minutes' then
    perform private.refuse(400, 'invalid_request',
      '"sendAt" is in the past: name a time to come, or leave the field out to send now');
  end if;
  perform private.require_previewed_campaign(v_campaign, p_preview_hash);
  v_job := private.accept_job(v_request, p_now);
  if v_job.id = (p_request ->> 'id')::uuid then
    update public.campaigns set status = 'queued', job_id = v_job.id, note = null, queued_at = p_now, ended_at = null
    where id = p_campaign_id;
  end if;
  return v_job;
end
$$;

-- A newsletter is a campaign that is created and sent by one request, in one transaction. A repeated request returns
-- the job of the first request. Two requests are equal when their content is equal, although each names a new campaign
-- id.
create function public.accept_newsletter(p_content jsonb, p_list_owner text, p_request jsonb, p_now timestamptz)
returns public.jobs
language plpgsql
set search_path = ''
as $$
declare
  v_campaign_id uuid := (p_request -> 'data' ->> 'campaignId')::uuid;
  v_job public.jobs;
begin
  perform private.insert_campaign(v_campaign_id, p_list_owner, p_content, p_now);
  v_job := private.accept_job(
    p_request || jsonb_build_object('owner', private.owner_of_list((p_content ->> 'listId')::uuid)), p_now);
  if v_job.id = (p_request ->> 'id')::uuid then
    update public.campaigns set status = 'queued', job_id = v_job.id, queued_at = p_now where id = v_campaign_id;
  else
    delete from public.campaigns where id = v_campaign_id;
  end if;
  return v_job;
end
$$;

-- How many recipients a campaign would have now.
create function public.count_campaign_audience(p_campaign_id uuid)
returns bigint
language sql stable
set search_path = ''
as $$
  select count(*) from public.email_subscribers
  where status = 'active' and list_id = (select list_id from public.campaigns where id = p_campaign_id);
$$;

-- Resolves an unknown send: a person has looked it up at the provider, and says whether the mail was sent.
create function public.resolve_campaign_send(
  p_campaign_id uuid, p_owner text, p_subscriber_id bigint, p_status text, p_note text
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_batch_no integer;
  v_status text;
begin
  perform private.lock_campaign(p_campaign_id, p_owner);
  if p_status not in ('sent', 'failed') then
    perform private.refuse(400, 'invalid_request', 'An unknown send can only be resolved as sent or failed');
  end if;
  select send.batch_no, case when send.status <> 'pending' then send.status
    when batch.status = 'sending' then 'sending' else 'pending' end
  into v_batch_no, v_status
  from public.campaign_sends as send
  join public.campaign_batches as batch using (campaign_id, batch_no)
  where send.campaign_id = p_campaign_id and send.subscriber_id = p_subscriber_id;
  if not found then
    perform private.refuse(404, 'not_found', 'Send not found');
  elsif v_status <> 'unknown' then
    perform private.refuse(409, 'conflict', format('This send is %s, not unknown', v_status));
  end if;
  update public.campaign_sends set status = p_status, note = p_note
  where campaign_id = p_campaign_id and subscriber_id = p_subscriber_id;
  update public.campaign_batches set
    unknown_count = unknown_count - 1,
    sent_count = sent_count + (p_status = 'sent')::integer,
    failed_count = failed_count + (p_status = 'failed')::integer,
    status = case when unknown_count = 1 and status = 'unknown' then 'done' else status end
  where campaign_id = p_campaign_id and batch_no = v_batch_no;
end
$$;

revoke execute on function
  private.find_campaign, private.lock_campaign, private.hash_of_campaign_request, private.insert_campaign, private.refuse_other_time,
  public.create_campaign, public.update_campaign,
  public.accept_campaign_send, public.accept_newsletter, public.count_campaign_audience,
  public.resolve_campaign_send from public, anon, authenticated;
grant execute on function
  private.find_campaign, private.lock_campaign, private.hash_of_campaign_request, private.insert_campaign, private.refuse_other_time,
  public.create_campaign, public.update_campaign,
  public.accept_campaign_send, public.accept_newsletter, public.count_campaign_audience,
  public.resolve_campaign_send to service_role;
