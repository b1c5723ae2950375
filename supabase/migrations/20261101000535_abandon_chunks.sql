-- Chunks that nobody will send to their end: of a canceled campaign, or with a dead letter that somebody ignores.

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
create function private.skip_ignored_chunk(p_letter public.dead_letter_queue, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_chunk public.campaign_chunks;
begin
  if p_letter.event_data ->> 'campaignId' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
    or p_letter.event_data ->> 'chunk' !~ '^[0-9]{1,9}$'
  then
    return;
  end if;
  select * into v_chunk from public.campaign_chunks
  where campaign_id = (p_letter.event_data ->> 'campaignId')::uuid and chunk_no = (p_letter.event_data ->> 'chunk')::integer
    and status <> 'done'
    and (status = 'pending' or claimant = p_letter.run_id or lease_expires_at <= p_now);
  if not found then
    return;
  end if;
  perform private.abandon_campaign_chunk(v_chunk);
  with rest as (
    update public.campaign_batches set status = 'done', skipped_count = recipient_count
    where campaign_id = v_chunk.campaign_id and batch_no between v_chunk.first_batch_no and v_chunk.last_batch_no
      and status = 'pending'
    returning campaign_id, first_subscriber_id, last_subscriber_id
  )
  update public.campaign_sends as send set status = 'skipped', note = p_letter.note
  from rest where send.campaign_id = rest.campaign_id and send.status = 'pending'
    and send.subscriber_id between rest.first_subscriber_id and rest.last_subscriber_id;
  update public.campaign_chunks set status = 'done', open_batch_count = 0
  where campaign_id = v_chunk.campaign_id and chunk_no = v_chunk.chunk_no;
  perform private.close_finished_campaign(v_chunk.campaign_id, p_now);
  perform private.report_campaign_progress(v_chunk.campaign_id, p_now);
end
$$;

select private.register_work_kind('{"function_id": "send-campaign-chunk", "event_name": "email/send.campaign-chunk",
  "after_ignore": "private.skip_ignored_chunk"}');

revoke execute on function
  private.abandon_campaign_chunk, public.settle_canceled_campaigns, private.skip_ignored_chunk
  from public, anon, authenticated;
grant execute on function
  private.abandon_campaign_chunk, public.settle_canceled_campaigns, private.skip_ignored_chunk
  to service_role;
