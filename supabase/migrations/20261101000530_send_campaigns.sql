-- Sending a campaign: a run claims a chunk, marks a batch just before it calls the provider, and settles it with
-- the provider's answer. Everybody locks in one order: batch, chunk, job, campaign; the
-- provider's account is locked last, by whoever has no other batch to lock after it.

-- Claims a chunk for p_claimant and hands out what is left of it. The same claimant gets its own claim back under
-- a new token, so that a retry goes on at once and its predecessor can do nothing more.
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
    lease_expires_at = p_now + p_lease_ms * interval '1 millisecond'
  where campaign_id = p_campaign_id and chunk_no = p_chunk_no;

  return json_build_object('state', 'claimed', 'token', v_token,
    'content', json_build_object('subject', v_campaign.subject, 'html', v_campaign.html, 'text', v_campaign.text,
      'from', v_campaign.sender, 'replyTo', v_campaign.reply_to, 'missingField', v_campaign.missing_field),
    'batches', (
      select json_agg(json_build_object('batchNo', batch.batch_no, 'status', batch.status,
        'firstSendingAt', batch.first_sending_at, 'recipients', recipients.list) order by batch.batch_no)
      from public.campaign_batches as batch cross join lateral (
        select coalesce(json_agg(json_build_array(send.subscriber_id, send.email, send.fields)
          order by send.subscriber_id), '[]') as list
        from public.campaign_sends as send
        where send.campaign_id = p_campaign_id and send.status = 'pending'
          and send.subscriber_id between batch.first_subscriber_id and batch.last_subscriber_id
      ) as recipients
      where batch.campaign_id = p_campaign_id and batch.status in ('pending', 'sending')
        and batch.batch_no between v_chunk.first_batch_no and v_chunk.last_batch_no
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

-- The last word before the provider is called. On the first mark whoever left the list since planning is skipped;
-- after that the content is frozen.
-- p_mark: {"batchNo", "again" (the batch is in doubt and the provider takes keys: it may be called again), "pace"}.
-- Answers {"state": "sending", "skipped": [ids]} | {"state": "wait", "waitMs", "slot"} | {"state": "lost" | "canceled"}.
create function private.mark_campaign_batch(p_campaign_id uuid, p_token uuid, p_mark jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_batch_no integer := (p_mark ->> 'batchNo')::integer;
  v_first bigint;
  v_last bigint;
  v_is_first boolean;
  v_list_id uuid;
  v_status text;
  v_slot timestamptz;
  v_gone bigint[];
  v_skipped jsonb := '[]';
begin
  select batch.first_subscriber_id, batch.last_subscriber_id, batch.first_sending_at is null,
    campaign.list_id, campaign.status
  into v_first, v_last, v_is_first, v_list_id, v_status
  from public.campaign_batches as batch
  join public.campaign_chunks as chunk on chunk.campaign_id = batch.campaign_id and chunk.chunk_no = batch.chunk_no
  join public.campaigns as campaign on campaign.id = batch.campaign_id
  where batch.campaign_id = p_campaign_id and batch.batch_no = v_batch_no and chunk.lease_token = p_token;
  if not found then
    return '{"state": "lost"}';
  elsif v_status = 'canceled' then
    return '{"state": "canceled"}';
  end if;

  v_slot := private.reserve_mail_slot(p_mark -> 'pace', p_now);
  if v_slot is not null then
    return jsonb_build_object('state', 'wait', 'slot', v_slot,
      'waitMs', ceil(extract(epoch from v_slot - p_now) * 1000));
  end if;

  -- A predecessor that is still alive marks under another token: of two that saw the batch pending, one wins here.
  update public.campaign_batches set
    status = 'sending', lease_token = p_token, attempts = attempts + 1,
    first_sending_at = coalesce(first_sending_at, p_now)
  where campaign_id = p_campaign_id and batch_no = v_batch_no
    and (status = 'pending' or (status = 'sending' and (p_mark ->> 'again')::boolean));
  if not found then
    return '{"state": "lost"}';
  end if;

  if v_is_first then
    select array_agg(id) into v_gone from public.email_subscribers
    where list_id = v_list_id and status <> 'active' and id between v_first and v_last;
    if v_gone is not null then
      with skipped as (
        update public.campaign_sends set status = 'skipped'
        where campaign_id = p_campaign_id and subscriber_id = any (v_gone) and status = 'pending'
        returning subscriber_id
      )
      select coalesce(jsonb_agg(subscriber_id), '[]') into v_skipped from skipped;
      update public.campaign_batches set skipped_count = jsonb_array_length(v_skipped)
      where campaign_id = p_campaign_id and batch_no = v_batch_no;
    end if;
  end if;
  return jsonb_build_object('state', 'sending', 'skipped', v_skipped);
end
$$;

-- The provider did not take the batch, for certain: it waits for another try. p_pause_ms: everybody who calls this
-- provider keeps silent for so long.
create function public.release_campaign_batch(
  p_campaign_id uuid, p_batch_no integer, p_token uuid, p_account text, p_pause_ms integer, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_pause_ms > 0 then
    insert into public.mail_provider_accounts as accounts (account, paused_until)
    values (p_account, p_now + p_pause_ms * interval '1 millisecond')
    on conflict (account) do update set paused_until = greatest(accounts.paused_until, excluded.paused_until);
  end if;
  update public.campaign_batches set status = 'pending'
  where campaign_id = p_campaign_id and batch_no = p_batch_no and status = 'sending' and lease_token = p_token;
end
$$;

-- The run gives up its chunk, so that whoever comes next need not wait for the lease to end.
create function public.release_campaign_chunk(p_campaign_id uuid, p_chunk_no integer, p_token uuid)
returns void
language sql
set search_path = ''
as $$
  update public.campaign_chunks set status = 'pending', claimant = null, lease_expires_at = null
  where campaign_id = p_campaign_id and chunk_no = p_chunk_no and status = 'claimed' and lease_token = p_token;
$$;

-- Refreshes the job's progress at most twice a second, and never waits for somebody else who does.
create function private.report_campaign_progress(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid;
begin
  select job_id into v_job_id from public.campaigns
  where id = p_campaign_id and (progressed_at is null or progressed_at <= p_now - interval '500 milliseconds');
  if not found then
    return;
  end if;
  perform from public.jobs where id = v_job_id for no key update skip locked;
  if not found then
    return;
  end if;
  update public.campaigns set progressed_at = p_now
  where id = (select id from public.campaigns where id = p_campaign_id for no key update skip locked);
  perform private.advance_job(v_job_id, sum(sent_count + failed_count + skipped_count + unknown_count)::bigint,
    sum(recipient_count)::bigint, p_now)
  from public.campaign_batches where campaign_id = p_campaign_id;
end
$$;

-- Writes down what became of a batch, once; a repeated call changes nothing.
-- p_settled: {"batchNo", "sent": {"<subscriber id>": "<provider's message id>"}, "failed": {"<subscriber id>":
-- ["<code>", "<words>"]}, "unknownCode": everybody not named is unknown, for this reason; without it everybody must
-- be named}. Answers 'settled', 'chunk done' when it was the last batch of its chunk, or 'lost': nothing was written.
create function private.settle_campaign_batch(p_campaign_id uuid, p_token uuid, p_settled jsonb, p_now timestamptz)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_batch_no integer := (p_settled ->> 'batchNo')::integer;
  v_message_ids jsonb := p_settled -> 'sent';
  v_failures jsonb := p_settled -> 'failed';
  v_unknown_code text := p_settled ->> 'unknownCode';
  v_batch public.campaign_batches;
  v_sent integer;
  v_failed integer := 0;
  v_unknown integer := 0;
  v_open integer;
begin
  select * into v_batch from public.campaign_batches
  where campaign_id = p_campaign_id and batch_no = v_batch_no for update;
  if v_batch.status in ('done', 'unknown') and v_batch.lease_token = p_token then
    return 'settled';
  elsif v_batch.status is distinct from 'sending'
    or not (v_batch.lease_token = p_token or v_unknown_code is not null) then
    return 'lost';
  end if;
  update public.campaign_chunks set
    open_batch_count = open_batch_count - 1,
    status = case when open_batch_count = 1 then 'done' else status end
  where campaign_id = p_campaign_id and chunk_no = v_batch.chunk_no and lease_token = p_token
  returning open_batch_count into v_open;
  if not found then
    return 'lost';
  end if;

  -- Looked up by key and read by range of the primary key: no join that a plan made for an empty table could turn
  -- quadratic. What nearly always happens comes first and does the least per row.
  update public.campaign_sends set status = 'sent', provider_message_id = v_message_ids ->> subscriber_id::text
  where campaign_id = p_campaign_id and status = 'pending' and v_message_ids ? subscriber_id::text
    and subscriber_id between v_batch.first_subscriber_id and v_batch.last_subscriber_id;
  get diagnostics v_sent = row_count;
  if v_sent < v_batch.recipient_count - v_batch.skipped_count then
    with settled as (
      update public.campaign_sends set
        status = case when v_failures ? subscriber_id::text then 'failed' else 'unknown' end,
        error_code = coalesce(v_failures -> subscriber_id::text ->> 0, v_unknown_code),
        note = v_failures -> subscriber_id::text ->> 1
      where campaign_id = p_campaign_id and status = 'pending'
        and subscriber_id between v_batch.first_subscriber_id and v_batch.last_subscriber_id
      returning status
    )
    select count(*) filter (where status = 'failed'), count(*) filter (where status = 'unknown')
    into v_failed, v_unknown from settled;
    if v_unknown > 0 and v_unknown_code is null then
      perform private.refuse(400, 'invalid_request', format('%s recipients of the batch are not named', v_unknown));
    end if;
  end if;
  update public.campaign_batches set
    status = case when v_unknown > 0 then 'unknown' else 'done' end, lease_token = p_token,
    sent_count = v_sent, failed_count = v_failed, unknown_count = v_unknown
  where campaign_id = p_campaign_id and batch_no = v_batch_no;
  return case when v_open = 0 then 'chunk done' else 'settled' end;
end
$$;

-- Closes campaign and job when no chunk is left; of two that finish the last chunks at once, the later one sees both.
-- No key update: whoever changes a chunk twice in a transaction holds its campaign by a foreign key's share lock.
create function private.close_finished_campaign(p_campaign_id uuid, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_job_id uuid;
begin
  select job_id into v_job_id from public.campaigns where id = p_campaign_id;
  perform from public.jobs where id = v_job_id for no key update;
  perform from public.campaigns where id = p_campaign_id for no key update;
  if not exists (select from public.campaign_chunks where campaign_id = p_campaign_id and status <> 'done') then
    perform private.close_campaign(p_campaign_id, p_now);
  end if;
end
$$;

-- Marks and settles for many lanes in one statement; each stands for itself, a lost claim is one answer among many.
-- The statement that leaves nothing to do closes the campaign and its job.
-- p_calls: [{"campaignId", "token", "mark": {"batchNo", "again", "pace"} or null, "settled": {"batchNo", "sent",
-- "failed", "unknownCode"} or null}]; the answers are in the same order, {"state": "settled"} where nothing was marked.
create function public.work_campaign_batches(p_calls jsonb, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_call record;
  v_campaign_id uuid;
  v_outcome text;
  v_answers jsonb[] := array_fill('{"state": "settled"}'::jsonb, array[jsonb_array_length(p_calls)]);
  v_advanced uuid[] := '{}';
  v_finished uuid[] := '{}';
begin
  -- Batches and chunks in their order, so that two statements that meet the same chunks wait, but never for each other.
  for v_call in
    select number, (value ->> 'campaignId')::uuid as campaign_id, (value ->> 'token')::uuid as token,
      value -> 'settled' as settled
    from jsonb_array_elements(p_calls) with ordinality as calls (value, number)
    where value ? 'settled'
    order by campaign_id, (value -> 'settled' ->> 'batchNo')::integer
  loop
    v_outcome := private.settle_campaign_batch(v_call.campaign_id, v_call.token, v_call.settled, p_now);
    if v_outcome = 'lost' then
      v_answers[v_call.number] := '{"state": "lost"}';
    elsif v_outcome = 'chunk done' then
      v_finished := v_finished || v_call.campaign_id;
    elsif v_call.campaign_id <> all (v_advanced) then
      v_advanced := v_advanced || v_call.campaign_id;
    end if;
  end loop;
  for v_call in
    select number, (value ->> 'campaignId')::uuid as campaign_id, (value ->> 'token')::uuid as token,
      value -> 'mark' as mark
    from jsonb_array_elements(p_calls) with ordinality as calls (value, number)
    where value ? 'mark' and v_answers[number] ->> 'state' <> 'lost'
  loop
    v_answers[v_call.number] :=
      private.mark_campaign_batch(v_call.campaign_id, v_call.token, v_call.mark, p_now);
  end loop;
  foreach v_campaign_id in array v_finished loop
    perform private.close_finished_campaign(v_campaign_id, p_now);
  end loop;
  foreach v_campaign_id in array v_advanced loop
    perform private.report_campaign_progress(v_campaign_id, p_now);
  end loop;
  return to_jsonb(v_answers);
end
$$;

revoke execute on function
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batch,
  public.release_campaign_batch, public.release_campaign_chunk, private.report_campaign_progress,
  private.settle_campaign_batch, private.close_finished_campaign, public.work_campaign_batches
  from public, anon, authenticated;
grant execute on function
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batch,
  public.release_campaign_batch, public.release_campaign_chunk, private.report_campaign_progress,
  private.settle_campaign_batch, private.close_finished_campaign, public.work_campaign_batches
  to service_role;
