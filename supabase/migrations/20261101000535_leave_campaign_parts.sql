-- Parts of a campaign that no run will finish, because the campaign was canceled or an administrator ignores the part's
-- dead letter.

-- Marks the sends of canceled campaigns that are in doubt as unknown, in at most p_limit parts, and returns how many
-- parts were checked. A part that a run has claimed is left out, because the run records the outcomes itself.
create function public.settle_canceled_campaigns(p_limit integer, p_now timestamptz)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  v_left record;
  v_part public.job_parts;
  v_token uuid;
  v_count integer := 0;
begin
  for v_left in
    select part.id, campaign.id as campaign_id from public.campaigns as campaign
    join public.job_parts as part on part.job_id = campaign.plan_job_id
    where campaign.status = 'canceled' and part.status <> 'done' and part.lease_token is not null
      and (part.status <> 'claimed' or part.lease_expires_at <= p_now)
    order by part.id limit p_limit
  loop
    -- The part gets a new token, so that the previous claimant can neither take nor settle batches.
    v_token := gen_random_uuid();
    update public.job_parts set status = 'pending', lease_token = v_token, lease_expires_at = null
    where id = v_left.id returning * into v_part;
    perform private.settle_part(v_part.id, v_token,
      coalesce(private.give_up_campaign_batches(v_left.campaign_id, v_part, null, p_now), '{}'), null, p_now);
    -- The token is removed, because it marks a part that may have sends in doubt.
    update public.job_parts set lease_token = null where id = v_part.id;
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;

-- An administrator ignores the dead letter of a part: sends in doubt become unknown, and recipients without a mail are
-- skipped, with the given reason. The caller holds the part.
create function private.skip_campaign_part(p_part public.job_parts, p_note text, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_campaign_id uuid := (select id from public.campaigns where plan_job_id = p_part.job_id);
  v_counts jsonb;
begin
  p_part.lease_token := null;
  v_counts := coalesce(private.give_up_campaign_batches(v_campaign_id, p_part, null, p_now), '{}');
  with rest as (
    update public.campaign_batches set status = 'done',
      skipped_count = recipient_count - sent_count - failed_count - unknown_count
    where campaign_id = v_campaign_id and part_no = p_part.part_no and status = 'pending'
    returning first_subscriber_id, last_subscriber_id
  )
  update public.campaign_sends as send set status = 'skipped', note = p_note
  from rest where send.campaign_id = v_campaign_id and send.status = 'pending'
    and send.subscriber_id between rest.first_subscriber_id and rest.last_subscriber_id;
  return v_counts;
end
$$;

-- An administrator reprocesses the dead letter of a part: a campaign that was stopped continues.
create function private.resume_campaign(p_part public.job_parts, p_now timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.campaigns set stopped_at = null, note = null, resumed_at = p_now
  where plan_job_id = p_part.job_id and stopped_at is not null;
$$;

select private.register_work_kind('{"function_id": "send-campaign-part", "event_name": "email/send.campaign-part",
  "on_skip": "private.skip_campaign_part", "on_reopen": "private.resume_campaign"}');

revoke execute on function public.settle_canceled_campaigns, private.skip_campaign_part, private.resume_campaign
  from public, anon, authenticated;
grant execute on function public.settle_canceled_campaigns, private.skip_campaign_part, private.resume_campaign
  to service_role;
