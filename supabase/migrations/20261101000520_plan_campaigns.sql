-- Planning a campaign: the audience is copied in id order, piece by piece, and cut into batches and chunks. Every
-- piece is one transaction that remembers how far it came, so that planning can stop and go on anywhere.

-- Closes a campaign and its job once nothing is left of it. The caller holds the job's row, then the campaign's.
create function private.close_campaign(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid;
  v_recipients bigint;
  v_sent bigint;
  v_failed bigint;
  v_skipped bigint;
  v_unknown bigint;
begin
  select coalesce(sum(recipient_count), 0), coalesce(sum(sent_count), 0), coalesce(sum(failed_count), 0),
    coalesce(sum(skipped_count), 0), coalesce(sum(unknown_count), 0)
  into v_recipients, v_sent, v_failed, v_skipped, v_unknown
  from public.campaign_batches where campaign_id = p_campaign_id;
  update public.campaigns set status = 'completed', ended_at = p_now
  where id = p_campaign_id and status in ('queued', 'sending', 'failed')
  returning job_id into v_job_id;
  if not found then
    return;
  end if;
  perform private.advance_job(v_job_id, v_recipients, v_recipients, p_now);
  perform private.end_job(v_job_id, 'completed', jsonb_build_object('campaignId', p_campaign_id,
    'recipients', v_recipients, 'sent', v_sent, 'failed', v_failed, 'skipped', v_skipped, 'unknown', v_unknown),
    null, p_now);
end
$$;

-- Copies the next piece of the audience into the ledger: at most p_piece people, a whole number of chunks.
create function private.plan_campaign_piece(p_campaign public.campaigns, p_piece integer)
returns bigint
language plpgsql
set search_path = ''
as $$
declare
  v_batches_per_chunk integer := p_campaign.chunk_size / p_campaign.batch_size;
  v_limit integer := greatest(p_piece / p_campaign.chunk_size, 1) * p_campaign.chunk_size;
  v_first_batch_no integer := 1 + p_campaign.recipient_count / p_campaign.batch_size;
  v_last_id bigint;
  v_added bigint;
begin
  with audience as materialized (
    select id, email, fields,
      v_first_batch_no + ((row_number() over (order by id) - 1) / p_campaign.batch_size)::integer as batch_no
    from (
      select id, email, fields from public.email_subscribers
      where list_id = p_campaign.list_id and status = 'active'
        and id > p_campaign.planned_through_id and id <= p_campaign.audience_through_id
      order by id limit v_limit
    ) as piece
  ), sends as (
    insert into public.campaign_sends (campaign_id, subscriber_id, batch_no, email)
    select p_campaign.id, audience.id, batch_no, email from audience order by audience.id
  ), batches as (
    insert into public.campaign_batches
      (campaign_id, batch_no, chunk_no, first_subscriber_id, last_subscriber_id, recipient_count,
        recipients)
    select p_campaign.id, batch_no, 1 + (batch_no - 1) / v_batches_per_chunk, min(id), max(id), count(*),
      json_agg(json_build_array(id, email, fields))
    from audience group by batch_no order by batch_no
    returning batch_no, chunk_no
  ), chunks as (
    insert into public.campaign_chunks (campaign_id, chunk_no, first_batch_no, last_batch_no, open_batch_count)
    select p_campaign.id, chunk_no, min(batch_no), max(batch_no), count(*)
    from batches group by chunk_no order by chunk_no
  )
  select count(*), max(audience.id) into v_added, v_last_id from audience;

  update public.campaigns set
    planned_through_id = coalesce(v_last_id, audience_through_id),
    recipient_count = recipient_count + v_added
  where id = p_campaign.id;
  return v_added;
end
$$;

-- One piece of planning; call it until it no longer answers "planning". p_event_id finds the job that asks: a job
-- that failed may hand its campaign to a later one, a living job keeps it.
-- Answers {"state": "planning" | "planned" | "completed" | "canceled" | "taken", "chunks", "recipients", "jobId"}.
create function public.plan_campaign(
  p_campaign_id uuid, p_event_id text, p_batch_size integer, p_chunk_size integer, p_piece integer,
  p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'send-email-campaign');
  v_campaign public.campaigns;
  v_added bigint;
  v_chunks integer;
begin
  -- First the job, then the campaign: the order in which everybody locks them.
  perform from public.jobs where id = v_job_id for no key update;
  v_campaign := private.lock_campaign(p_campaign_id, null);

  if v_campaign.status in ('completed', 'canceled') then
    return jsonb_build_object('state', v_campaign.status, 'jobId', v_campaign.job_id);
  elsif v_campaign.job_id is distinct from v_job_id and exists (
    select from public.jobs where id = v_campaign.job_id and status in ('queued', 'running')
  ) then
    return jsonb_build_object('state', 'taken', 'jobId', v_campaign.job_id);
  elsif v_campaign.planned_at is null or v_campaign.status <> 'sending' or v_campaign.job_id is distinct from v_job_id then
    update public.campaigns set
      status = case when planned_at is null then 'queued' else 'sending' end,
      job_id = coalesce(v_job_id, job_id),
      ended_at = null,
      note = null,
      queued_at = coalesce(queued_at, p_now),
      batch_size = coalesce(batch_size, p_batch_size),
      chunk_size = coalesce(chunk_size, greatest(p_chunk_size / p_batch_size, 1) * p_batch_size),
      planned_through_id = coalesce(planned_through_id, 0),
      audience_through_id = coalesce(audience_through_id, (
        select max(id) from public.email_subscribers where list_id = v_campaign.list_id), 0)
    where id = p_campaign_id
    returning * into v_campaign;
  end if;

  if v_campaign.planned_at is null then
    v_added := private.plan_campaign_piece(v_campaign, p_piece);
    if v_added > 0 then
      return jsonb_build_object('state', 'planning', 'recipients', v_campaign.recipient_count + v_added);
    end if;
    update public.campaigns set status = 'sending', planned_at = p_now where id = p_campaign_id;
  end if;

  select count(*) into v_chunks from public.campaign_chunks where campaign_id = p_campaign_id;
  perform private.advance_job(v_campaign.job_id, 0, v_campaign.recipient_count, p_now);
  if not exists (select from public.campaign_chunks where campaign_id = p_campaign_id and status <> 'done') then
    perform private.close_campaign(p_campaign_id, p_now);
  end if;
  return jsonb_build_object('state', 'planned', 'chunks', v_chunks, 'recipients', v_campaign.recipient_count,
    'jobId', v_campaign.job_id);
end
$$;

-- The fence: this environment may not mail, so an unplanned campaign becomes a draft again and its job says why.
create function public.hold_campaign(p_campaign_id uuid, p_event_id text, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid := private.find_job(p_event_id, 'send-email-campaign');
begin
  perform from public.jobs where id = v_job_id for no key update;
  perform private.lock_campaign(p_campaign_id, null);
  update public.campaigns set status = 'draft', note = p_reason, job_id = null, queued_at = null, ended_at = null
  where id = p_campaign_id and status in ('draft', 'queued', 'failed') and planned_through_id is null;
  perform private.end_job(v_job_id, 'skipped', jsonb_build_object('campaignId', p_campaign_id, 'reason', p_reason),
    null, p_now);
end
$$;

revoke execute on function private.close_campaign, private.plan_campaign_piece, public.plan_campaign,
  public.hold_campaign from public, anon, authenticated;
grant execute on function private.close_campaign, private.plan_campaign_piece, public.plan_campaign,
  public.hold_campaign to service_role;
