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

-- Writes down what became of batches, once; a repeated call changes nothing.
-- "settled": {"batchNo", "sent": {"<subscriber id>": "<provider's message id>"}, "failed": {"<subscriber id>":
-- ["<code>", "<words>"]}, "unknownCode": everybody not named is unknown, for this reason; without it everybody must
-- be named}. Answers the calls that wrote nothing, and the campaigns in which a chunk or only a batch has ended; null
-- where there are none.
create function private.settle_campaign_batches(
  p_calls jsonb, out p_lost integer[], out p_chunk_ended uuid[], out p_batch_ended uuid[]
)
language plpgsql
set search_path = ''
as $$
declare
  v_ours integer[];
  v_doubtful integer[];
  v_open_count bigint;
  v_sent bigint;
  v_is_everybody boolean;
  v_unnamed bigint;
begin
  with wanted as materialized (
    select call.number, call.token, batch.campaign_id, batch.chunk_no,
      batch.recipient_count - batch.skipped_count as open_count,
      batch.status = 'sending' and (batch.lease_token = call.token or call.settled ? 'unknownCode') as is_open,
      batch.status in ('done', 'unknown') and batch.lease_token = call.token as is_settled
    from jsonb_to_recordset(p_calls) as call (number integer, "campaignId" uuid, token uuid, settled jsonb)
    left join public.campaign_batches as batch
      on batch.campaign_id = call."campaignId" and batch.batch_no = (call.settled ->> 'batchNo')::integer
    where call.settled is not null
  ), ended as (
    update public.campaign_chunks as chunk set
      open_batch_count = chunk.open_batch_count - part.batches, trouble_count = 0,
      status = case when chunk.open_batch_count = part.batches then 'done' else chunk.status end
    from (
      select campaign_id, chunk_no, token, count(*)::integer as batches from wanted where is_open
      group by campaign_id, chunk_no, token order by campaign_id, chunk_no
    ) as part
    where chunk.campaign_id = part.campaign_id and chunk.chunk_no = part.chunk_no and chunk.lease_token = part.token
    returning chunk.campaign_id, chunk.chunk_no, chunk.lease_token as token, true as is_open, chunk.status
  )
  select array_agg(number) filter (where ended.status is not null),
    sum(open_count) filter (where ended.status is not null),
    array_agg(number) filter (where ended.status is null and is_settled is not true),
    array_agg(distinct campaign_id) filter (where ended.status = 'done'),
    array_agg(distinct campaign_id) filter (where ended.status <> 'done')
  into v_ours, v_open_count, p_lost, p_chunk_ended, p_batch_ended
  from wanted left join ended using (campaign_id, chunk_no, token, is_open);
  if v_ours is null then
    return;
  end if;

  -- Read by range of the primary key. What nearly always happens comes first and does the least per row: where nobody
  -- failed and nobody is unknown, everybody was sent.
  with ours as materialized (
    select batch.campaign_id, batch.first_subscriber_id, batch.last_subscriber_id, call.settled -> 'sent' as message_ids,
      call.settled -> 'failed' = '{}' and not call.settled ? 'unknownCode' as is_everybody
    from jsonb_to_recordset(p_calls) as call (number integer, "campaignId" uuid, settled jsonb)
    join public.campaign_batches as batch
      on batch.campaign_id = call."campaignId" and batch.batch_no = (call.settled ->> 'batchNo')::integer
    where call.number = any (v_ours)
  )
  update public.campaign_sends as send set
    status = 'sent', provider_message_id = ours.message_ids ->> send.subscriber_id::text
  from ours where send.campaign_id = ours.campaign_id and send.status = 'pending'
    and send.subscriber_id between ours.first_subscriber_id and ours.last_subscriber_id
    and (ours.is_everybody or ours.message_ids ? send.subscriber_id::text);
  get diagnostics v_sent = row_count;
  v_is_everybody := v_sent = v_open_count;

  if not v_is_everybody then
    with ours as materialized (
      select call.number, batch.campaign_id, batch.first_subscriber_id, batch.last_subscriber_id,
        call.settled -> 'failed' as failures, call.settled ->> 'unknownCode' as unknown_code
      from jsonb_to_recordset(p_calls) as call (number integer, "campaignId" uuid, settled jsonb)
      join public.campaign_batches as batch
        on batch.campaign_id = call."campaignId" and batch.batch_no = (call.settled ->> 'batchNo')::integer
      where call.number = any (v_ours)
    ), rest as (
      update public.campaign_sends as send set
        status = case when ours.failures ? send.subscriber_id::text then 'failed' else 'unknown' end,
        error_code = coalesce(ours.failures -> send.subscriber_id::text ->> 0, ours.unknown_code),
        note = ours.failures -> send.subscriber_id::text ->> 1
      from ours where send.campaign_id = ours.campaign_id and send.status = 'pending'
        and send.subscriber_id between ours.first_subscriber_id and ours.last_subscriber_id
      returning ours.number, send.error_code, send.status
    )
    select array_agg(distinct number) filter (where status = 'unknown'),
      count(*) filter (where status = 'unknown' and error_code is null)
    into v_doubtful, v_unnamed from rest;
    if v_unnamed > 0 then
      perform private.refuse(400, 'invalid_request', format('%s recipients are not named', v_unnamed));
    end if;
  end if;

  update public.campaign_batches as batch set
    status = case when call.number = any (v_doubtful) then 'unknown' else 'done' end, lease_token = call.token,
    (sent_count, failed_count, unknown_count) = (
      select case when v_is_everybody then batch.recipient_count - batch.skipped_count
          else count(*) filter (where send.status = 'sent') end,
        count(*) filter (where send.status = 'failed'), count(*) filter (where send.status = 'unknown')
      from public.campaign_sends as send where not v_is_everybody and send.campaign_id = batch.campaign_id
        and send.subscriber_id between batch.first_subscriber_id and batch.last_subscriber_id)
  from jsonb_to_recordset(p_calls) as call (number integer, "campaignId" uuid, token uuid, settled jsonb)
  where call.number = any (v_ours)
    and batch.campaign_id = call."campaignId" and batch.batch_no = (call.settled ->> 'batchNo')::integer;
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
-- p_calls: [{"number", "campaignId", "token", "settled": … or absent, "mark": … or absent}]; the answers are in the
-- order of the numbers, {"state": "settled"} where nothing was marked.
-- Everything is looked up by key: a plan made while a table was small must not stay when it has grown. So one plan
-- serves all calls, and planning costs nothing.
create function public.work_campaign_batches(p_calls jsonb, p_now timestamptz)
returns json
language plpgsql
set search_path = ''
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  v_locked bigint;
  v_settled record;
  v_campaign_id uuid;
  v_answers json;
begin
  -- All batches first and in their order, so that two statements that meet the same ones wait, but never for each other.
  with touched as materialized (
    select call."campaignId" as campaign_id, (part.value ->> 'batchNo')::integer as batch_no
    from jsonb_to_recordset(p_calls) as call ("campaignId" uuid, mark jsonb, settled jsonb)
    cross join lateral (values (mark), (settled)) as part (value)
  ), locked as (
    select from touched join public.campaign_batches as batch using (campaign_id, batch_no)
    order by campaign_id, batch_no for no key update of batch
  )
  select count(*) into v_locked from locked;

  select * into v_settled from private.settle_campaign_batches(p_calls);
  select json_agg(case when call.number = any (v_settled.p_lost) then '{"state": "lost"}'
    else coalesce(marked.answer, '{"state": "settled"}') end order by call.number) into v_answers
  from jsonb_to_recordset(p_calls) as call (number integer)
  left join private.mark_campaign_batches(p_calls, p_now) as marked on marked.number = call.number;

  foreach v_campaign_id in array coalesce(v_settled.p_chunk_ended, '{}') loop
    perform private.close_finished_campaign(v_campaign_id, p_now);
  end loop;
  foreach v_campaign_id in array coalesce(v_settled.p_batch_ended, '{}') loop
    perform private.report_campaign_progress(v_campaign_id, p_now);
  end loop;
  return v_answers;
end
$$;

-- Nobody will call the provider again for what is left of a chunk: what is in doubt is unknown from now on, for a person
-- to settle, and whoever held the chunk can neither mark nor settle any more.
create function private.abandon_campaign_chunk(p_chunk public.campaign_chunks)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_token uuid := gen_random_uuid();
  v_calls jsonb;
begin
  with open as materialized (
    select batch_no, status from public.campaign_batches
    where campaign_id = p_chunk.campaign_id and batch_no between p_chunk.first_batch_no and p_chunk.last_batch_no
      and status in ('pending', 'sending')
    order by batch_no for no key update
  )
  select jsonb_agg(jsonb_build_object('number', batch_no, 'campaignId', p_chunk.campaign_id, 'token', v_token,
      'settled', jsonb_build_object('batchNo', batch_no, 'sent', '{}'::jsonb, 'failed', '{}'::jsonb,
        'unknownCode', 'outcome_unknown'))) filter (where status = 'sending')
  into v_calls from open;
  update public.campaign_chunks set status = 'pending', lease_token = v_token, lease_expires_at = null
  where campaign_id = p_chunk.campaign_id and chunk_no = p_chunk.chunk_no;
  if v_calls is not null then
    perform private.settle_campaign_batches(v_calls);
  end if;
  update public.campaign_chunks set lease_token = null
  where campaign_id = p_chunk.campaign_id and chunk_no = p_chunk.chunk_no;
end
$$;

-- Settles what canceled campaigns left in doubt, at most p_limit chunks of them, and answers how many chunks it looked
-- at. A chunk that somebody still holds is his: he writes down what he knows.
create function public.settle_canceled_campaigns(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_chunk public.campaign_chunks;
  v_count integer := 0;
begin
  for v_chunk in
    select chunk.* from public.campaigns as campaign
    join public.campaign_chunks as chunk on chunk.campaign_id = campaign.id
    where campaign.status = 'canceled' and chunk.lease_token is not null
      and (chunk.status = 'pending' or (chunk.status = 'claimed' and chunk.lease_expires_at <= p_now))
    order by chunk.campaign_id, chunk.chunk_no limit p_limit
  loop
    perform private.abandon_campaign_chunk(v_chunk);
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

-- Somebody ignores the dead letter of a chunk: what is left of it stays undone, so that the campaign can end. Who has
-- had no mail is skipped, with the reason that was given. A chunk that another run holds goes on.
create function private.skip_ignored_chunk()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  v_chunk public.campaign_chunks;
begin
  if new.event_data ->> 'campaignId' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    or new.event_data ->> 'chunk' !~ '^[0-9]{1,9}$'
  then
    return null;
  end if;
  select * into v_chunk from public.campaign_chunks
  where campaign_id = (new.event_data ->> 'campaignId')::uuid and chunk_no = (new.event_data ->> 'chunk')::integer
    and status <> 'done'
    and (status = 'pending' or claimant = new.run_id or lease_expires_at <= new.handled_at);
  if not found then
    return null;
  end if;
  perform private.abandon_campaign_chunk(v_chunk);
  with rest as (
    update public.campaign_batches set status = 'done', skipped_count = recipient_count
    where campaign_id = v_chunk.campaign_id and batch_no between v_chunk.first_batch_no and v_chunk.last_batch_no
      and status = 'pending'
    returning campaign_id, first_subscriber_id, last_subscriber_id
  )
  update public.campaign_sends as send set status = 'skipped', note = new.note
  from rest where send.campaign_id = rest.campaign_id and send.status = 'pending'
    and send.subscriber_id between rest.first_subscriber_id and rest.last_subscriber_id;
  update public.campaign_chunks set status = 'done', open_batch_count = 0
  where campaign_id = v_chunk.campaign_id and chunk_no = v_chunk.chunk_no;
  perform private.close_finished_campaign(v_chunk.campaign_id, new.handled_at);
  perform private.report_campaign_progress(v_chunk.campaign_id, new.handled_at);
  return null;
end
$$;

create trigger dead_letters_that_are_ignored_skip_their_chunk
  after update of status on public.dead_letter_queue
  for each row when (new.status = 'ignored' and new.function_id = 'send-campaign-chunk')
  execute function private.skip_ignored_chunk();

revoke execute on function
  private.abandon_campaign_chunk, public.settle_canceled_campaigns, private.skip_ignored_chunk,
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batches,
  public.release_campaign_batch, public.release_campaign_chunk, private.report_campaign_progress,
  private.settle_campaign_batches, private.close_finished_campaign, public.work_campaign_batches
  from public, anon, authenticated;
grant execute on function
  private.abandon_campaign_chunk, public.settle_canceled_campaigns, private.skip_ignored_chunk,
  public.claim_campaign_chunk, private.reserve_mail_slot, private.mark_campaign_batches,
  public.release_campaign_batch, public.release_campaign_chunk, private.report_campaign_progress,
  private.settle_campaign_batches, private.close_finished_campaign, public.work_campaign_batches
  to service_role;
