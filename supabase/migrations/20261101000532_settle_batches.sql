-- Writing down what became of batches, and the statement that marks and settles for many lanes at once. The last
-- settlement closes the campaign.

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

revoke execute on function
  private.report_campaign_progress, private.settle_campaign_batches, private.close_finished_campaign,
  public.work_campaign_batches
  from public, anon, authenticated;
grant execute on function
  private.report_campaign_progress, private.settle_campaign_batches, private.close_finished_campaign,
  public.work_campaign_batches
  to service_role;
