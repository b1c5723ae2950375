-- What a mail provider reports about a mail changes the status of the address and the row of the mail. When receiving
-- servers refuse our domain, the campaign is stopped too.

-- The most serious report about a mail is kept, so that the order of reports does not matter.
create function private.says_more(p_outcome text, p_than text)
returns boolean
language sql immutable
set search_path = ''
as $$
  select array_position(order_of, p_outcome) > coalesce(array_position(order_of, p_than), 0)
  from (values (array['delivered', 'soft_bounced', 'refused', 'suppressed', 'bounced', 'complained'])) as known (order_of);
$$;

-- Returns the campaign's owner and whether the row changed. The recipient is found by address, because a report may
-- come before the provider's answer with the id of the mail is stored.
create function private.apply_report_to_send(p_report jsonb, out owner text, out subscriber_id bigint, out is_new boolean)
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
begin
  select * into v_campaign from public.campaigns where id = (p_report ->> 'campaignId')::uuid;
  owner := v_campaign.owner;
  subscriber_id := (select id from public.email_subscribers
    where list_id = v_campaign.list_id and lower(email) = lower(p_report ->> 'address'));
  update public.campaign_sends as send set reported = p_report ->> 'outcome'
  where campaign_id = v_campaign.id and send.subscriber_id = apply_report_to_send.subscriber_id
    and (provider_message_id is null or provider_message_id = p_report ->> 'messageId')
    and private.says_more(p_report ->> 'outcome', reported);
  is_new := found;
end
$$;

-- Stops a campaign when receiving servers refuse our domain (SPF, DKIM, DMARC). One strict server proves little. So a
-- campaign is stopped when several receiving domains refuse its mails, or when one domain (a large mailbox provider)
-- refuses many. The parts of a stopped campaign become dead letters, and the monitor alerts (refused-campaigns). An
-- administrator corrects the cause and reprocesses one letter; see resume_campaign.
create function private.stop_refused_campaign(p_report jsonb, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_campaign public.campaigns;
  v_limit integer := p_report ->> 'refusalLimit';
  v_because text := format('Receiving servers refuse our domain (%s)', p_report ->> 'note');
begin
  -- Reports about one campaign are applied one after the other, so that each report counts the earlier ones.
  perform from public.campaigns where id = (p_report ->> 'campaignId')::uuid for no key update;
  update public.campaigns as campaign set stopped_at = p_now, note = v_because
  where id = (p_report ->> 'campaignId')::uuid and stopped_at is null
    and (select count(distinct domain_hash) >= v_limit or count(*) >= 10 * v_limit
      from public.mail_bounces where campaign_id = campaign.id and kind = 'refused'
        and occurred_at > coalesce(campaign.resumed_at, '-infinity'))
  returning * into v_campaign;
  if v_campaign.id is null then
    return;
  end if;
  perform public.notify(v_campaign.owner, 'CAMPAIGN_STOPPED', jsonb_build_object('campaignId', v_campaign.id,
    'reason', v_because), 'campaign-stopped:' || v_campaign.id || ':' || p_now, p_now);
end
$$;

-- Applies one report of a provider. A repeated call changes nothing. p_report: as in private.apply_report_to_address,
-- with "refusalLimit". Returns whether the row of a mail changed.
create function public.record_mail_report(p_report jsonb, p_now timestamptz)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_outcome text := p_report ->> 'outcome';
  v_send record;
  v_mail public.mails;
  v_is_new boolean := false;
begin
  perform private.apply_report_to_address(p_report, p_now);
  if v_outcome in ('added', 'removed') then
    return true;
  end if;
  select * into v_send from private.apply_report_to_send(p_report);
  if v_outcome = 'refused' then
    perform private.stop_refused_campaign(p_report, p_now);
  end if;
  update public.mails set reported = v_outcome
  where message_id = p_report ->> 'messageId' and private.says_more(v_outcome, reported);
  v_is_new := found or v_send.is_new;
  select * into v_mail from public.mails where message_id = p_report ->> 'messageId';
  -- Deliveries are not published as facts, because there are too many: each mail has one.
  if v_outcome <> 'delivered' then
    perform private.publish_fact('mail.reported',
      coalesce(v_send.owner, (select owner from public.jobs where id = v_mail.job_id)),
      (p_report ->> 'messageId') || ':' || v_outcome, jsonb_strip_nulls(jsonb_build_object(
        'messageId', p_report -> 'messageId', 'outcome', v_outcome, 'campaignId', p_report -> 'campaignId',
        'subscriberId', v_send.subscriber_id, 'mailId', v_mail.id, 'occurredAt', p_report -> 'at')), p_now);
  end if;
  return v_is_new;
end
$$;

revoke execute on function private.says_more, private.apply_report_to_send, private.stop_refused_campaign,
  public.record_mail_report from public, anon, authenticated;
grant execute on function private.says_more, private.apply_report_to_send, private.stop_refused_campaign,
  public.record_mail_report to service_role;
