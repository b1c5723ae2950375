-- Reading campaigns: counts are sums over batches, so that they stay cheap with a million recipients.

-- The status as people see it: a campaign under way may also be blocked or paused.
create function private.shown_campaign_status(p_status text, p_job public.jobs)
returns text
language sql stable
set search_path = ''
as $$
  select case when p_status not in ('queued', 'sending') then p_status
    when private.job_blocked(p_job) is not null then 'blocked'
    when p_job.paused_at is not null then 'paused'
    else p_status end;
$$;

create function public.get_campaign(p_campaign_id uuid, p_owner text, p_now timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_counts jsonb;
  v_sent_by jsonb;
  v_done bigint;
  v_first timestamptz;
  v_seconds numeric;
  v_job public.jobs;
  v_blocked jsonb;
begin
  v_campaign := private.find_campaign(p_campaign_id, p_owner);
  select jsonb_build_object('recipients', coalesce(sum(recipient_count), 0),
      'pending', coalesce(sum(recipient_count - sent_count - failed_count - skipped_count - unknown_count)
        filter (where status = 'pending'), 0),
      'sending', coalesce(sum(recipient_count - sent_count - failed_count - skipped_count - unknown_count)
        filter (where status = 'sending'), 0),
      'sent', coalesce(sum(sent_count), 0), 'failed', coalesce(sum(failed_count), 0),
      'skipped', coalesce(sum(skipped_count), 0), 'unknown', coalesce(sum(unknown_count), 0)),
    coalesce(sum(sent_count), 0), min(first_sending_at)
  into v_counts, v_done, v_first
  from public.campaign_batches where campaign_id = p_campaign_id;
  select coalesce(jsonb_object_agg(provider, sent), '{}') into v_sent_by from (
    select provider, sum(sent_count) as sent from public.campaign_batches
    where campaign_id = p_campaign_id and sent_count > 0 group by provider) as by_provider;
  select * into v_job from public.jobs where id = v_campaign.job_id;
  v_blocked := private.job_blocked(v_job);
  v_seconds := extract(epoch from coalesce(v_campaign.ended_at, p_now) - v_first);
  return jsonb_build_object(
    'id', v_campaign.id, 'name', v_campaign.name, 'listId', v_campaign.list_id,
    'status', private.shown_campaign_status(v_campaign.status, v_job), 'blocked', v_blocked,
    'pausedAt', case when v_campaign.ended_at is null then v_job.paused_at end,
    'note', v_campaign.note, 'jobId', v_campaign.job_id, 'subject', v_campaign.subject, 'html', v_campaign.html,
    'text', v_campaign.text, 'from', v_campaign.sender, 'replyTo', v_campaign.reply_to,
    'missingField', v_campaign.missing_field, 'version', v_campaign.version, 'counts', v_counts, 'sentBy', v_sent_by,
    'recipientsPerSecond', case when v_seconds > 0 and v_blocked is null and v_job.paused_at is null then round(v_done / v_seconds, 1) end,
    'createdAt', v_campaign.created_at, 'queuedAt', v_campaign.queued_at, 'startedAt', v_first,
    'endedAt', v_campaign.ended_at,
    'sendAt', case when v_campaign.status = 'queued' and v_job.ready_at > p_now then v_job.ready_at end,
    'waitingUntil', case when v_job.paused_at is null then private.job_waits_until(v_job) end);
end
$$;

create function public.list_campaigns(p_owner text, p_before_at timestamptz, p_before_id uuid, p_limit integer)
returns table (id uuid, name text, status text, created_at timestamptz)
language plpgsql stable
set search_path = ''
set plan_cache_mode = force_custom_plan
as $$
begin
  return query
  select c.id, c.name, private.shown_campaign_status(c.status, jobs), c.created_at
  from public.campaigns as c left join public.jobs on jobs.id = c.job_id
  where (p_owner is null or c.owner = p_owner)
    and (p_before_at is null or (c.created_at, c.id) < (p_before_at, p_before_id))
  order by c.created_at desc, c.id desc limit p_limit;
end
$$;

-- One page of a campaign's sends in the order of subscriber ids, after p_after; p_status null: sends of every status.
-- p_status 'pending' includes the claimed sends, as the count of pending sends in get_campaign does.
-- The counts of the batches show where rare statuses are, so that a page of failures does not read a million rows.
create function public.list_campaign_sends(
  p_campaign_id uuid, p_owner text, p_status text, p_after bigint, p_limit integer
)
returns table (
  id bigint, email text, status text, batch_no integer, attempts integer, provider text, provider_message_id text,
  error_code text, note text, reported text
)
language plpgsql stable
set search_path = ''
as $$
declare
  v_batch record;
  v_left integer := p_limit;
  v_count integer;
begin
  if not exists (
    select from public.campaigns as c where c.id = p_campaign_id and (p_owner is null or c.owner = p_owner)
  ) then
    perform private.refuse(404, 'not_found', 'Campaign not found');
  end if;
  for v_batch in
    select batch.*, case when batch.status = 'sending' then 'sending'
      when part.status = 'claimed' then 'claimed' else 'pending' end as open_status
    from public.campaigns as campaign join public.campaign_batches as batch on batch.campaign_id = campaign.id
    left join public.job_parts as part on part.job_id = campaign.plan_job_id and part.part_no = batch.part_no
    where batch.campaign_id = p_campaign_id and batch.last_subscriber_id > p_after
      and case p_status when 'sent' then batch.sent_count > 0 when 'failed' then batch.failed_count > 0
        when 'skipped' then batch.skipped_count > 0 when 'unknown' then batch.unknown_count > 0 else true end
    order by batch.batch_no
  loop
    return query
      select send.subscriber_id, send.email,
        case when send.status = 'pending' then v_batch.open_status else send.status end,
        send.batch_no, v_batch.attempts,
        case when send.status in ('sent', 'unknown') then v_batch.provider end, send.provider_message_id, send.error_code, send.note,
        send.reported
      from public.campaign_sends as send
      where send.campaign_id = p_campaign_id and send.subscriber_id > p_after
        and send.subscriber_id between v_batch.first_subscriber_id and v_batch.last_subscriber_id
        and (p_status is null
          or p_status = case when send.status = 'pending' then v_batch.open_status else send.status end
          or p_status = 'pending' and send.status = 'pending' and v_batch.open_status = 'claimed')
      order by send.subscriber_id limit v_left;
    get diagnostics v_count = row_count;
    v_left := v_left - v_count;
    exit when v_left <= 0;
  end loop;
end
$$;

revoke execute on function private.shown_campaign_status, public.get_campaign, public.list_campaigns, public.list_campaign_sends from public, anon, authenticated;
grant execute on function private.shown_campaign_status, public.get_campaign, public.list_campaigns, public.list_campaign_sends to service_role;

-- Deletes a draft; a campaign that was sent or is being sent is kept. The refusal names the status as people see it
-- ("scheduled" until the time has come, then "queued"), and how to stop a campaign that has not ended.
create function public.delete_campaign(p_campaign_id uuid, p_owner text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns := private.lock_campaign(p_campaign_id, p_owner);
  v_job public.jobs;
  v_status text;
begin
  if v_campaign.status <> 'draft' then
    select * into v_job from public.jobs where id = v_campaign.job_id;
    v_status := private.shown_campaign_status(v_campaign.status, v_job);
    if v_status = 'queued' and v_job.ready_at > greatest(v_job.created_at, p_now) then
      v_status := 'scheduled';
    end if;
    perform private.refuse(409, 'conflict', format('The campaign is %s: only a draft can be deleted', v_status)
      || case when v_job.id is not null and v_job.ended_at is null
        then format('. To stop the campaign, cancel its job (DELETE /api/jobs/%s)', v_job.id) else '' end);
  end if;
  delete from public.campaign_sends where campaign_id = p_campaign_id;
  delete from public.campaigns where id = p_campaign_id;
end
$$;

-- Erases the person from one campaign: the campaign with the next id after p_cursor. Its content is not changed, because
-- the list has got it or will get it. A campaign that is still being sent does not change, because a repeated batch must
-- have the same bytes. Such a campaign skips the person, because the subscriber's row is erased, and the erasure is
-- repeated later.
create function private.erase_from_campaigns(p_email text, p_cursor text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_ids bigint[];
  v_batches integer[];
begin
  select * into v_campaign from public.campaigns
  where p_cursor is null or id > p_cursor::uuid order by id limit 1 for no key update;
  if not found then
    return '{"counts": {}, "cursor": null}';
  end if;
  select array_agg(subscriber_id), array_agg(distinct batch_no) into v_ids, v_batches
  from public.campaign_sends where campaign_id = v_campaign.id and lower(email) = lower(p_email);
  if v_ids is null or v_campaign.status in ('queued', 'sending') then
    return jsonb_build_object('counts', '{}'::jsonb, 'cursor', v_campaign.id, 'isWaiting', v_ids is not null);
  end if;
  update public.campaign_sends set email = 'erased', note = null
  where campaign_id = v_campaign.id and subscriber_id = any (v_ids);
  update public.campaign_batches set recipients = (
    select json_agg(case when (one ->> 0)::bigint = any (v_ids) then json_build_array(one -> 0, 'erased', '{}'::json)
      else one end order by position)
    from json_array_elements(recipients) with ordinality as list(one, position))
  where campaign_id = v_campaign.id and batch_no = any (v_batches);
  return jsonb_build_object('cursor', v_campaign.id, 'counts', jsonb_build_object(
    'campaign_sends', cardinality(v_ids), 'campaign_batches', cardinality(v_batches)));
end
$$;
select private.register_eraser('private.erase_from_campaigns(text, text, timestamptz)');

revoke execute on function public.delete_campaign, private.erase_from_campaigns from public, anon, authenticated;
grant execute on function public.delete_campaign, private.erase_from_campaigns to service_role;
