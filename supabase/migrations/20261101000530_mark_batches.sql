-- Sending a campaign: a run claims a chunk, marks a batch just before it calls the provider, and settles it with
-- the provider's answer. Everybody locks in one order: batches, chunks, the provider's account, job, campaign.

-- Claims a chunk for p_claimant and tells what is left of it; its recipients come with the mark of each batch. The
-- same claimant gets its own claim back under a new token, so that a retry goes on at once and its predecessor can do
-- nothing more.
-- Answers {"state": "claimed" | "busy" | "done" | "canceled", …}.
create function public.claim_campaign_chunk(
  p_campaign_id uuid, p_chunk_no integer, p_claimant text, p_lease_ms integer, p_now timestamptz
)
returns json
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_chunk public.campaign_chunks;
  v_token uuid := gen_random_uuid();
begin
  select * into v_chunk from public.campaign_chunks
  where campaign_id = p_campaign_id and chunk_no = p_chunk_no for update;
  select * into v_campaign from public.campaigns where id = p_campaign_id;
  if v_campaign.id is null or v_chunk.campaign_id is null then
    perform private.refuse(404, 'not_found', 'Campaign chunk not found');
  elsif v_chunk.status = 'done' then
    return json_build_object('state', 'done');
  elsif v_campaign.status = 'canceled' then
    return json_build_object('state', 'canceled');
  elsif v_chunk.status = 'claimed' and v_chunk.claimant <> p_claimant and v_chunk.lease_expires_at > p_now then
    return json_build_object('state', 'busy',
      'waitMs', ceil(extract(epoch from v_chunk.lease_expires_at - p_now) * 1000));
  end if;

  update public.campaign_chunks set
    status = 'claimed', claimant = p_claimant, lease_token = v_token, attempts = attempts + 1,
    trouble_count = case when claimant = p_claimant then trouble_count else 0 end,
    lease_expires_at = p_now + p_lease_ms * interval '1 millisecond'
  where campaign_id = p_campaign_id and chunk_no = p_chunk_no;

  return json_build_object('state', 'claimed', 'token', v_token,
    'content', json_build_object('subject', v_campaign.subject, 'html', v_campaign.html, 'text', v_campaign.text,
      'from', v_campaign.sender, 'replyTo', v_campaign.reply_to, 'missingField', v_campaign.missing_field),
    'batches', (
      select json_agg(json_build_object('batchNo', batch_no, 'status', status, 'firstSendingAt', first_sending_at)
        order by batch_no)
      from public.campaign_batches
      where campaign_id = p_campaign_id and status in ('pending', 'sending')
        and batch_no between v_chunk.first_batch_no and v_chunk.last_batch_no
    ));
end
$$;

-- A place in time for one request to the provider: null means now. p_pace: {"account", "intervalMs" (0 is no pace,
-- only the provider's own wish for silence counts), "patienceMs", "slot" (the place this caller was given)}.
-- A place further off than the caller's patience is told but not taken. One that is more than two intervals gone
-- is taken anew: late callers do not burst.
create function private.reserve_mail_slot(p_pace jsonb, p_now timestamptz)
returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  v_account text := p_pace ->> 'account';
  v_interval interval := (p_pace ->> 'intervalMs')::numeric * interval '1 millisecond';
  v_given timestamptz := (p_pace ->> 'slot')::timestamptz;
  v_paused_until timestamptz;
  v_slot timestamptz;
begin
  select paused_until into v_paused_until from public.mail_provider_accounts
  where account = v_account and paused_until > p_now;
  if v_interval = interval '0' then
    return v_paused_until;
  elsif v_given > p_now - 2 * v_interval and v_paused_until is null then
    return case when v_given > p_now then v_given end;
  end if;
  loop
    select greatest(next_slot_at, paused_until, p_now) into v_slot from public.mail_provider_accounts
    where account = v_account for update;
    exit when found;
    insert into public.mail_provider_accounts (account) values (v_account) on conflict do nothing;
  end loop;
  if v_slot <= p_now + (p_pace ->> 'patienceMs')::numeric * interval '1 millisecond' then
    update public.mail_provider_accounts set next_slot_at = v_slot + v_interval where account = v_account;
  end if;
  return case when v_slot > p_now then v_slot end;
end
$$;

-- The last word before the provider is called, for the calls that mark a batch. Whoever left the list since planning is
-- skipped, as long as the provider can have taken nothing; after that the content is frozen.
-- "mark": {"batchNo", "again" (the batch is in doubt and the provider takes keys: it may be called again), "pace"}.
-- Answers {"state": "sending", "recipients": [[id, email, fields]]} | {"state": "wait", "waitMs", "slot"} |
-- {"state": "lost" | "canceled"}.
create function private.mark_campaign_batches(p_calls jsonb, p_now timestamptz)
returns table (number integer, answer json)
language plpgsql
set search_path = ''
as $$
begin
  return query
  with wanted as materialized (
    select call.number, call.token, call.mark -> 'pace' as pace, batch.campaign_id, batch.batch_no,
      batch.first_subscriber_id, batch.last_subscriber_id, batch.first_sending_at is null as is_first, campaign.list_id,
      case when chunk.lease_token is distinct from call.token
          or not (batch.status = 'pending' or (batch.status = 'sending' and (call.mark ->> 'again')::boolean)) then 'lost'
        when campaign.status = 'canceled' then 'canceled' else 'sending' end as state
    from jsonb_to_recordset(p_calls) as call (number integer, "campaignId" uuid, token uuid, mark jsonb)
    left join public.campaign_batches as batch
      on batch.campaign_id = call."campaignId" and batch.batch_no = (call.mark ->> 'batchNo')::integer
    left join public.campaign_chunks as chunk
      on chunk.campaign_id = batch.campaign_id and chunk.chunk_no = batch.chunk_no
    left join public.campaigns as campaign on campaign.id = batch.campaign_id
    where call.mark is not null
  ), placed as materialized (
    select *, case when state = 'sending' then private.reserve_mail_slot(pace, p_now) end as slot from wanted
  ), ready as materialized (
    select * from placed where state = 'sending' and slot is null
  ), gone as materialized (
    select ready.number, ready.campaign_id, subscriber.id
    from ready join public.email_subscribers as subscriber on subscriber.list_id = ready.list_id
      and subscriber.status <> 'active'
      and subscriber.id between ready.first_subscriber_id and ready.last_subscriber_id
    where ready.is_first
  ), skipped as (
    update public.campaign_sends as send set status = 'skipped' from gone
    where send.campaign_id = gone.campaign_id and send.subscriber_id = gone.id and send.status = 'pending'
    returning gone.number, gone.id
  ), marked as (
    update public.campaign_batches as batch set
      status = 'sending', lease_token = ready.token, attempts = batch.attempts + 1,
      first_sending_at = coalesce(batch.first_sending_at, p_now),
      skipped_count = batch.skipped_count + (select count(*) from skipped where skipped.number = ready.number)
    from ready where batch.campaign_id = ready.campaign_id and batch.batch_no = ready.batch_no
    returning ready.number, case when batch.skipped_count = 0 then batch.recipients else (
      select coalesce(json_agg(recipient), '[]') from json_array_elements(batch.recipients) as recipient
      where (recipient ->> 0)::bigint not in (select gone.id from gone) and exists (
        select from public.campaign_sends as send where send.campaign_id = batch.campaign_id
          and send.subscriber_id = (recipient ->> 0)::bigint and send.status = 'pending')
    ) end as recipients
  )
  select placed.number, case
    when placed.slot is not null then json_build_object('state', 'wait', 'slot', placed.slot,
      'waitMs', ceil(extract(epoch from placed.slot - p_now) * 1000))
    when placed.state <> 'sending' then json_build_object('state', placed.state)
    else json_build_object('state', 'sending', 'recipients', marked.recipients) end
  from placed left join marked on marked.number = placed.number;
end
$$;

-- The provider refused the batch: it waits for another try, as if it had never been called. p_in_doubt: an earlier call
-- may have been taken all the same, so the doubt stays, and since when. p_pause_ms: everybody who calls this provider
-- keeps silent for so long.
create function public.release_campaign_batch(
  p_campaign_id uuid, p_batch_no integer, p_token uuid, p_in_doubt boolean, p_account text, p_pause_ms integer,
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.campaign_batches set status = 'pending', first_sending_at = null
  where campaign_id = p_campaign_id and batch_no = p_batch_no and status = 'sending' and lease_token = p_token
    and not p_in_doubt;
  if p_pause_ms > 0 then
    insert into public.mail_provider_accounts as accounts (account, paused_until)
    values (p_account, p_now + p_pause_ms * interval '1 millisecond')
    on conflict (account) do update set paused_until = greatest(accounts.paused_until, excluded.paused_until);
  end if;
end
$$;

-- The run met the provider's trouble and lets its chunk go, so that whoever comes next need not wait for the lease to
-- end. Answers how often that happened to this run without anything sent in between; null when the claim is lost.
create function public.release_campaign_chunk(p_campaign_id uuid, p_chunk_no integer, p_token uuid)
returns integer
language sql
set search_path = ''
as $$
  update public.campaign_chunks set status = 'pending', lease_expires_at = null, trouble_count = trouble_count + 1
  where campaign_id = p_campaign_id and chunk_no = p_chunk_no and status = 'claimed' and lease_token = p_token
  returning trouble_count;
$$;

revoke execute on function
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batches,
  public.release_campaign_batch, public.release_campaign_chunk
  from public, anon, authenticated;
grant execute on function
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batches,
  public.release_campaign_batch, public.release_campaign_chunk
  to service_role;
